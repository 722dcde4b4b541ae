"""A decoded picture: upright sRGB frames without metadata, and how they follow one another."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from PIL import Image

from functions.imaging.flatness import is_flat


@dataclass(frozen=True)
class DecodedPicture:
    """One frame or more, all of one size, each in mode RGB or RGBA and with an empty ``info``.

    ``durations_ms`` has one entry per frame of an animation; ``loop`` is how often it plays, 0 for ever. ``rights`` is
    an EXIF block of rights fields alone (rights.py), empty unless they are kept.
    """

    frames: tuple[Image.Image, ...]
    durations_ms: tuple[int, ...] = ()
    loop: int = 0
    rights: bytes = b""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px."""
        return self.frames[0].size

    @property
    def animated(self) -> bool:
        """Whether there is more than one frame."""
        return len(self.frames) > 1

    @property
    def has_alpha(self) -> bool:
        """Whether any frame carries an alpha channel."""
        return any(frame.mode == "RGBA" for frame in self.frames)

    @property
    def flat(self) -> bool:
        """Whether every frame is drawn in few colours: text, charts, line art. What is lossy spoils these."""
        return all(is_flat(frame) for frame in self.frames)

    def halved(self) -> Self:
        """Return every second frame, each shown for as long as it and the one after it were."""
        pairs = range(0, len(self.durations_ms), 2)
        durations = tuple(sum(self.durations_ms[first : first + 2]) for first in pairs)
        return replace(self, frames=self.frames[::2], durations_ms=durations if len(durations) > 1 else ())

    def mapped(self, change: Callable[[Image.Image], Image.Image]) -> Self:
        """Return the picture with ``change`` applied to each frame."""
        return replace(self, frames=tuple(change(frame) for frame in self.frames))
