"""A decoded picture: upright sRGB frames without metadata, and their timing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

from PIL import Image

from functions.imaging.flatness import is_flat


@dataclass(frozen=True)
class DecodedPicture:
    """One or more frames of the same size, in mode RGB or RGBA and with an empty ``info``.

    ``durations_ms`` has one entry per frame of an animation; ``loop`` is the number of plays, 0 for infinite.
    ``rights`` is an EXIF block with only the rights fields (rights.py), empty unless they are kept.
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
    def pixels(self) -> int:
        """Pixels of all frames together."""
        return len(self.frames) * self.size[0] * self.size[1]

    @property
    def animated(self) -> bool:
        """Whether there is more than one frame."""
        return len(self.frames) > 1

    @property
    def has_alpha(self) -> bool:
        """Whether any frame has an alpha channel."""
        return any(frame.mode == "RGBA" for frame in self.frames)

    @property
    def flat(self) -> bool:
        """Whether every frame is drawn in few colours: text, charts, line art."""
        return all(is_flat(frame) for frame in self.frames)

    def kept(self, indices: Sequence[int]) -> Self:
        """Return only these frames, in order; each is shown until the next one, the first from the beginning."""
        starts = [0, *indices[1:], len(self.frames)]
        durations = tuple(sum(self.durations_ms[start:end]) for start, end in pairwise(starts))
        frames = tuple(self.frames[index] for index in indices)
        if len(frames) > 1:
            return replace(self, frames=frames, durations_ms=durations)
        return replace(self, frames=frames, durations_ms=(), loop=0)

    def mapped(self, change: Callable[[Image.Image], Image.Image]) -> Self:
        """Return the picture with ``change`` applied to each frame."""
        return replace(self, frames=tuple(change(frame) for frame in self.frames))
