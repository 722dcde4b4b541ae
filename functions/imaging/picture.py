"""A decoded picture: upright sRGB frames without metadata, and how they follow one another."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final, Self

from PIL import Image, ImageChops

FLAT_COLORS: Final = 4096
"""Colours that a flat picture has at most: pages of text in two inks, scaled down, have up to 5,000; shaded drawings
4,000 to 14,000."""

FLAT_SHARE: Final = 0.45
"""The part of a flat picture's pixels, at least, that repeat the one before them. Pages of text repeat half and more,
charts nine tenths; photographs of few colours, grey or dithered, up to four tenths."""

ROWS_APART: Final = 8
"""Every eighth row tells what all would."""


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


def is_flat(image: Image.Image) -> bool:
    """Return whether an image is drawn in few colours. Takes 0.1 ms for a photograph, 4 ms a megapixel for text."""
    colors = image.getcolors(FLAT_COLORS)  # None, after a few rows of a photograph, where there are more
    if colors is None:
        return False
    rows = image.resize((image.width, -(-image.height // ROWS_APART)), Image.Resampling.NEAREST)
    changes = ImageChops.difference(rows, ImageChops.offset(rows, 1, 0)).split()
    unchanged = reduce(ImageChops.lighter, changes).histogram()[0]
    return unchanged >= FLAT_SHARE * rows.width * rows.height
