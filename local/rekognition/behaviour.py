"""What the stand-in answers: by default what `known_pictures.json` says of a picture that it knows, else nothing.

A person or a test can change it while it runs: set the labels for every picture, switch the service off, let
calls be throttled or refused, or hold calls back until they are released.
"""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from local.rekognition.pictures import is_same

KNOWN_PICTURES: Final = Path(__file__).with_name("known_pictures.json")
MODEL_VERSION: Final = "7.0"
CONTROLS: Final = {"on": bool, "hold": bool, "throttle": int, "refuse": int, "labels": list}
"""What may be set, and its type; ``labels`` may also be null: back to the known pictures."""


class ControlError(Exception):
    """A control document names something unknown or has a wrong type."""


@dataclass(frozen=True)
class KnownPicture:
    """A picture that the stand-in knows: its signature and the labels that it is given, as Rekognition writes them."""

    signature: int
    labels: tuple[dict[str, Any], ...]


def known_pictures(path: Path = KNOWN_PICTURES) -> tuple[KnownPicture, ...]:
    """Read the pictures that the stand-in knows."""
    return tuple(
        KnownPicture(int(each["signature"], 16), tuple(each["labels"])) for each in json.loads(path.read_text())
    )


@dataclass
class Behaviour:
    """The switches and counters of a running stand-in."""

    known: tuple[KnownPicture, ...] = ()
    on: bool = True
    throttle: int = 0
    refuse: int = 0
    labels: list[dict[str, Any]] | None = None
    calls: int = 0
    waiting: int = 0
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._released.set()

    def state(self) -> dict[str, Any]:
        """Return the switches and counters as the control address shows them."""
        return {
            "on": self.on, "hold": not self._released.is_set(), "throttle": self.throttle, "refuse": self.refuse,
            "labels": self.labels, "calls": self.calls, "waiting": self.waiting,
        }  # fmt: skip

    def change(self, document: dict[str, Any]) -> None:
        """Set what ``document`` names and leave the rest. Raises ControlError, having changed nothing."""
        for name, value in document.items():
            if name not in CONTROLS:
                raise ControlError(f"{name} is unknown; known are {', '.join(CONTROLS)}")
            if type(value) is not CONTROLS[name] and not (name == "labels" and value is None):
                raise ControlError(f"{name} must be of type {CONTROLS[name].__name__}")
            if isinstance(value, list) and not all(map(_is_label, value)):
                raise ControlError("each of labels must have a Name and a Confidence")
        for name, value in document.items():
            if name == "hold":
                (self._released.clear if value else self._released.set)()
            else:
                setattr(self, name, value)

    def reset(self) -> None:
        """Go back to how the stand-in starts, counters included."""
        self.change({"on": True, "hold": False, "throttle": 0, "refuse": 0, "labels": None})
        self.calls = 0

    async def wait_for_release(self) -> None:
        """Return at once, or when calls are no longer held back."""
        self.waiting += 1
        try:
            await self._released.wait()
        finally:
            self.waiting -= 1

    def takes(self, fault: str) -> bool:
        """Tell whether this call gets the fault ``throttle`` or ``refuse``, and count it off."""
        left: int = getattr(self, fault)
        setattr(self, fault, max(0, left - 1))
        return left > 0

    def labels_of(self, signature: int) -> list[dict[str, Any]]:
        """Return the moderation labels of a picture."""
        if self.labels is not None:
            return self.labels
        for picture in self.known:
            if is_same(picture.signature, signature):
                return list(picture.labels)
        return []


def _is_label(label: Any) -> bool:
    """Tell whether this is a label. Any confidence is allowed, so that tests can try impossible ones."""
    return (
        isinstance(label, dict)
        and isinstance(label.get("Name"), str)
        and isinstance(label.get("Confidence"), (int, float))
    )
