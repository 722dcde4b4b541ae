"""How one frame can look to a viewer, whatever is behind it and whether alpha is honoured (docs/adr/0019).

A frame with alpha is many pictures: any page can be behind it, JPEG lays it on white, black or grey, and programs that
ignore alpha show the bare colours. Each of these may show a subject that none of the others does. Colours under alpha 0
are cleared before this (resizing.cleared), and GIF dithers alpha that is not clean (encoding.py), so that its
threshold shows nothing new.

Looks are made from the pixels that are stored, at most ``LONGEST_SIDE_PX`` long. Bare colours are scaled after alpha is
dropped, as a viewer sees them.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Final

from PIL import Image, ImageChops

from functions.imaging.resizing import COLORS, flattened, resized
from functions.imaging.similarity import GRID, LIMITS, highest, over_windows
from functions.imaging.transparency import is_clean, is_opaque
from functions.shared.contracts import Rendering

LONGEST_SIDE_PX: Final = 2048
"""Longest side of a look; a stored picture's is at most 1.875 times as long (limits.LONGEST_STORED_SIDE_PX)."""

NARROW_WIDTHS_PX: Final = (320, 96)
"""Widths of copies whose colours are looked at, besides one of half the size: a pattern that averages to a
subject does so the more cleanly the smaller the copy."""

BACKDROPS: Final = {
    Rendering.OVER_GRAY: "gray",
    Rendering.OVER_WHITE: "white",
    Rendering.OVER_BLACK: "black",
}
"""The backgrounds over which a frame is looked at, in the order of preference where one suffices."""

CONTRAST: Final = 48
"""Levels by which what is opaque differs from the background, on average over a window of 1/16 of the side, where one
background stands for all. Over two different backgrounds of ``BACKDROPS`` no window can fail."""

MISSING_CONTRAST: Final = 12
"""Levels of ``CONTRAST`` that a window may lack."""


@dataclass(frozen=True)
class FrameRendering:
    """One way to look at a frame: the rendering, and for scaled ones the width in px of the copy that is looked at."""

    rendering: Rendering
    width: int | None = None


def renderings_of(frame: Image.Image) -> tuple[FrameRendering, ...]:
    """Return every look of a stored frame that can differ from the others."""
    if is_opaque(frame):
        return (FrameRendering(Rendering.OPAQUE),)
    backdrops = tuple(map(FrameRendering, BACKDROPS))
    if is_clean(frame.getchannel("A")):
        return backdrops
    widths = sorted({each for each in (frame.width // 2, *NARROW_WIDTHS_PX) if 0 < each < frame.width}, reverse=True)
    return (
        *backdrops,
        FrameRendering(Rendering.COLORS),
        *(FrameRendering(Rendering.SCALED_COLORS, width) for width in widths),
        FrameRendering(Rendering.ALPHA),
    )


class Subject:
    """One frame, to be looked at in several ways."""

    def __init__(self, frame: Image.Image) -> None:
        self._frame = frame

    def seen(self, look: FrameRendering) -> Image.Image:
        """Return what is seen of the frame, as RGB, at most ``LONGEST_SIDE_PX`` long."""
        if look.rendering in BACKDROPS:
            return flattened(self._small, BACKDROPS[look.rendering])
        if look.rendering is Rendering.OPAQUE:
            return self._small.convert("RGB")
        if look.rendering is Rendering.ALPHA:
            return _equalized(self._small.getchannel("A")).convert("RGB")
        return _shrunk(_colors(self._at(look.width)))

    @cached_property
    def _small(self) -> Image.Image:
        return _shrunk(self._frame)

    def _at(self, width: int | None) -> Image.Image:
        """Return the frame ``width`` px wide, as a stored copy of it is."""
        if width is None or width >= self._frame.width:
            return self._frame
        return resized(self._frame, (width, max(1, round(self._frame.height * width / self._frame.width))))


def plain_backdrop(frame: Image.Image) -> FrameRendering | None:
    """Return a background over which all that is opaque in a clean frame stands out; None where none of them is."""
    cells = frame.resize((GRID, GRID), Image.Resampling.BOX)
    coverage = cells.getchannel("A").point([round(level * CONTRAST / 255) for level in range(256)])
    for rendering, background in BACKDROPS.items():
        bands = ImageChops.difference(
            flattened(cells, background), Image.new("RGB", cells.size, COLORS[background][:3])
        )
        red, green, blue = bands.split()
        contrast = ImageChops.lighter(red, ImageChops.lighter(green, blue))
        missing = ImageChops.subtract(coverage, contrast).reduce(min(LIMITS) // 2)
        if highest(over_windows(missing)) <= MISSING_CONTRAST:
            return FrameRendering(rendering)
    return None


def needed_renderings(frame: Image.Image, *, sparing: bool) -> tuple[FrameRendering, ...]:
    """Return the looks of a frame that show all that any viewer can see of it.

    ``sparing`` is for animations: of a clean frame one background is enough if everything stands out against it.
    """
    looks = renderings_of(frame)
    if sparing and len(looks) == len(BACKDROPS) and (plain := plain_backdrop(frame)):
        return (plain,)
    return looks


def _shrunk(image: Image.Image) -> Image.Image:
    longest = max(image.size)
    if longest <= LONGEST_SIDE_PX:
        return image
    return resized(image, tuple(max(1, side * LONGEST_SIDE_PX // longest) for side in image.size))  # type: ignore[arg-type]


def _colors(frame: Image.Image) -> Image.Image:
    """Return a frame's bare colours, grey where it is fully transparent."""
    canvas = Image.new("RGB", frame.size, COLORS["gray"][:3])
    canvas.paste(frame.convert("RGB"), mask=frame.getchannel("A").point([0] + [255] * 255))
    return canvas


def _equalized(alpha: Image.Image) -> Image.Image:
    """Return alpha with its levels spread by the square roots of how many pixels have them.

    By the numbers themselves a small faint picture would stay faint beside a large flat part, and by the mere presence
    of levels one inside a border of all levels.
    """
    weights = [count**0.5 for count in alpha.histogram()]
    middles = (below + weight / 2 for below, weight in zip(accumulate(weights, initial=0.0), weights, strict=False))
    return alpha.point([round(255 * middle / sum(weights)) for middle in middles])
