"""The service's responses: by default the labels that its judge finds.

Users and tests can change them at run time: set the labels for every picture, turn the service off, throttle or refuse
calls, invalidate responses, or delay calls until they are released.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from local.rekognition.known import KnownPictures
from local.rekognition.pictures import SeenPicture
from local.rekognition.spoiled import SPOILED

CONTROLS: Final = {
    "on": bool, "hold": bool, "throttle": int, "refuse": int, "rate": int, "labels": list, "spoil": str,
}  # fmt: skip
"""The settings and their types. ``rate`` is how many calls a second are answered, 0 for all. ``labels`` may also be
null, for those of the judge. ``spoil`` is a name in spoiled.py, or null."""


class ControlError(Exception):
    """A control document names something unknown or has a wrong type."""


class Judge(Protocol):
    """What finds the labels of a picture."""

    @property
    def model_version(self) -> str:
        """The ModerationModelVersion of its answers."""

    def labels_of(self, body: bytes, seen: SeenPicture) -> list[dict[str, Any]]:
        """Return the moderation labels of a JPEG or PNG, in Rekognition's form. Raises UnreadablePictureError."""


@dataclass
class Behaviour:
    """The judge, the switches and the counters of a running service."""

    judge: Judge = field(default_factory=KnownPictures)
    on: bool = True
    throttle: int = 0
    refuse: int = 0
    rate: int = 0
    labels: list[dict[str, Any]] | None = None
    spoil: str | None = None
    calls: int = 0
    waiting: int = 0
    clock: Callable[[], float] = time.monotonic
    _calls_left: float = 0.0
    _counted_at: float = 0.0
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._released.set()

    def state(self) -> dict[str, Any]:
        """Return the switches and counters as the control endpoint shows them."""
        return {
            "on": self.on, "hold": not self._released.is_set(), "throttle": self.throttle, "refuse": self.refuse,
            "rate": self.rate, "labels": self.labels, "spoil": self.spoil, "calls": self.calls, "waiting": self.waiting,
        }  # fmt: skip

    def change(self, document: dict[str, Any]) -> None:
        """Change the settings in ``document`` only. Raises ControlError without changing anything."""
        for name, value in document.items():
            if name not in CONTROLS:
                raise ControlError(f"{name} is unknown; it must be one of {', '.join(CONTROLS)}")
            if type(value) is not CONTROLS[name] and not (name in {"labels", "spoil"} and value is None):
                raise ControlError(f"{name} must be of type {CONTROLS[name].__name__}")
            if name == "rate" and isinstance(value, int) and value < 0:
                raise ControlError("rate must not be negative")
            if name == "spoil" and value is not None and value not in SPOILED:
                raise ControlError(f"spoil must be one of {', '.join(SPOILED)}")
            if isinstance(value, list) and not all(map(_is_label, value)):
                raise ControlError("each of labels must have a Name and a Confidence")
        for name, value in document.items():
            if name == "hold":
                (self._released.clear if value else self._released.set)()
            elif name == "rate":
                self.rate, self._calls_left, self._counted_at = value, value, self.clock()
            else:
                setattr(self, name, value)

    def reset(self) -> None:
        """Restore the initial settings and counters."""
        self.change({"on": True, "hold": False, "throttle": 0, "refuse": 0, "rate": 0, "labels": None, "spoil": None})
        self.calls = 0

    async def wait_for_release(self) -> None:
        """Return immediately, or when calls are released."""
        self.waiting += 1
        try:
            await self._released.wait()
        finally:
            self.waiting -= 1

    def takes(self, fault: str) -> bool:
        """Return whether this call gets the fault ``throttle`` or ``refuse``, and decrement its counter."""
        left: int = getattr(self, fault)
        setattr(self, fault, max(0, left - 1))
        return left > 0

    def is_over_rate(self) -> bool:
        """Tell whether this call comes too soon, and count it if not: a bucket of one second's calls, as on AWS."""
        if not self.rate:
            return False
        now = self.clock()
        self._calls_left = min(float(self.rate), self._calls_left + (now - self._counted_at) * self.rate)
        self._counted_at = now
        if self._calls_left < 1:
            return True
        self._calls_left -= 1
        return False

    def labels_of(self, body: bytes, seen: SeenPicture) -> list[dict[str, Any]]:
        """Return the moderation labels of a picture. Raises UnreadablePictureError."""
        return self.judge.labels_of(body, seen) if self.labels is None else self.labels

    def answer(self, labels: list[dict[str, Any]], min_confidence: float) -> dict[str, Any]:
        """Return the complete response with the labels of sufficient confidence, invalidated if configured."""
        labels = [label for label in labels if label["Confidence"] >= min_confidence]
        answer = {
            "ModerationLabels": labels, "ModerationModelVersion": self.judge.model_version, "ContentTypes": [],
        }  # fmt: skip
        return SPOILED[self.spoil](answer, min_confidence) if self.spoil else answer


def _is_label(label: Any) -> bool:
    """Return whether this is a label. Any confidence is allowed, so that tests can use invalid ones."""
    return (
        isinstance(label, dict)
        and isinstance(label.get("Name"), str)
        and isinstance(label.get("Confidence"), (int, float))
    )
