"""What the stand-in answers: by default what `known_pictures.json` says of a picture that it knows, else nothing.

A person or a test can change it while it runs: set the labels for every picture, switch the service off, let
calls be throttled or refused, spoil the answers, or hold calls back until they are released.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from local.rekognition.pictures import (
    THUMBNAIL_HEIGHT,
    THUMBNAIL_WIDTH,
    SeenPicture,
    Thumbnail,
    is_same,
    shows_same,
)
from local.rekognition.spoiled import SPOILED

KNOWN_PICTURES: Final = Path(__file__).with_name("known_pictures.json")
MODEL_VERSION: Final = "7.0"
CONTROLS: Final = {
    "on": bool, "hold": bool, "throttle": int, "refuse": int, "rate": int, "labels": list, "spoil": str,
}  # fmt: skip
"""What may be set, and its type. ``rate`` is how many calls a second are answered, 0 for all. ``labels`` may also be
null: back to the known pictures. ``spoil`` is a name of spoiled.py, or null."""


class ControlError(Exception):
    """A control document names something unknown or has a wrong type."""


@dataclass(frozen=True)
class KnownPicture:
    """A picture that the stand-in knows: what it is recognised by, and its labels, as Rekognition writes them."""

    signature: int
    thumbnail: Thumbnail
    labels: tuple[dict[str, Any], ...]


def known_pictures(path: Path = KNOWN_PICTURES) -> tuple[KnownPicture, ...]:
    """Read the pictures that the stand-in knows."""
    return tuple(
        KnownPicture(int(each["signature"], 16), _thumbnail(each["thumbnail"]), tuple(each["labels"]))
        for each in json.loads(path.read_text())
    )


def _thumbnail(levels: str) -> Thumbnail:
    """Return the thumbnail that two hexadecimal digits a level describe, row by row."""
    return np.frombuffer(bytes.fromhex(levels), np.uint8).reshape(THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH).astype(np.float64)


@dataclass
class Behaviour:
    """The switches and counters of a running stand-in."""

    known: tuple[KnownPicture, ...] = ()
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
        """Return the switches and counters as the control address shows them."""
        return {
            "on": self.on, "hold": not self._released.is_set(), "throttle": self.throttle, "refuse": self.refuse,
            "rate": self.rate, "labels": self.labels, "spoil": self.spoil, "calls": self.calls, "waiting": self.waiting,
        }  # fmt: skip

    def change(self, document: dict[str, Any]) -> None:
        """Set what ``document`` names and leave the rest. Raises ControlError, having changed nothing."""
        for name, value in document.items():
            if name not in CONTROLS:
                raise ControlError(f"{name} is unknown; known are {', '.join(CONTROLS)}")
            if type(value) is not CONTROLS[name] and not (name in {"labels", "spoil"} and value is None):
                raise ControlError(f"{name} must be of type {CONTROLS[name].__name__}")
            if name == "rate" and value < 0:
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
        """Go back to how the stand-in starts, counters included."""
        self.change({"on": True, "hold": False, "throttle": 0, "refuse": 0, "rate": 0, "labels": None, "spoil": None})
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

    def labels_of(self, seen: SeenPicture) -> list[dict[str, Any]]:
        """Return the moderation labels of a picture."""
        if self.labels is not None:
            return self.labels
        for picture in self.known:
            if is_same(picture.signature, seen.signature) or shows_same(picture.thumbnail, seen.thumbnail):
                return list(picture.labels)
        return []

    def answer(self, labels: list[dict[str, Any]], min_confidence: float) -> dict[str, Any]:
        """Return the whole answer with the labels that are certain enough, spoiled if that is switched on."""
        labels = [label for label in labels if label["Confidence"] >= min_confidence]
        answer = {"ModerationLabels": labels, "ModerationModelVersion": MODEL_VERSION, "ContentTypes": []}
        return SPOILED[self.spoil](answer, min_confidence) if self.spoil else answer


def _is_label(label: Any) -> bool:
    """Tell whether this is a label. Any confidence is allowed, so that tests can try impossible ones."""
    return (
        isinstance(label, dict)
        and isinstance(label.get("Name"), str)
        and isinstance(label.get("Confidence"), (int, float))
    )
