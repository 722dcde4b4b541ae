"""The ways in which a viewer can see one frame, whatever is behind it and whether or not alpha is used (docs/adr/0019).

A frame with alpha can be seen in many ways: any page can be behind it, JPEG has a white, black or grey background, and
programs that ignore alpha show the colours alone. Each of these may show a subject that the others do not. The colours
of transparent pixels are cleared first (resizing.cleared), and GIF dithers alpha that is not clean (encoding.py), so
its threshold shows nothing new.

Renderings are made from the stored pixels, at most ``LONGEST_SIDE_PX`` long. For colours alone alpha is dropped before
scaling, as viewers do.
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
"""Longest side of a rendering; that of a stored picture is at most 1.875 times as long (LONGEST_KEPT_SIDE_PX)."""

VIEW_FILTER: Final = Image.Resampling.HAMMING
"""Filter for renderings of large frames: a view needs no finer detail, and Lanczos takes twice as long."""

NARROW_WIDTHS_PX: Final = (320, 96)
"""Widths of copies whose colours are rendered, besides a copy of half the size: in a smaller copy a pattern averages
more clearly to a subject."""

BACKDROPS: Final = {
    Rendering.OVER_GRAY: "gray",
    Rendering.OVER_WHITE: "white",
    Rendering.OVER_BLACK: "black",
}
"""The backgrounds of a frame, preferred first if one is enough."""

CONTRAST: Final = 48
"""One background is enough if opaque pixels differ from it by this many levels, on average over every window of 1/16 of
the side. No window can fail over two different ``BACKDROPS``."""

MISSING_CONTRAST: Final = 12
"""Levels of ``CONTRAST`` that a window may lack."""


@dataclass(frozen=True)
class FrameRendering:
    """One rendering of a frame: its kind, and the width in px of the copy for scaled ones."""

    kind: Rendering
    width: int | None = None


def renderings_of(frame: Image.Image) -> tuple[FrameRendering, ...]:
    """Return all renderings of a stored frame that can differ from each other."""
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


class FrameRenderer:
    """Renders one frame."""

    def __init__(self, frame: Image.Image) -> None:
        self._frame = frame

    def render(self, rendering: FrameRendering) -> Image.Image:
        """Return the rendered frame as RGB, at most ``LONGEST_SIDE_PX`` long."""
        if rendering.kind in BACKDROPS:
            return flattened(self._small, BACKDROPS[rendering.kind])
        if rendering.kind is Rendering.OPAQUE:
            return self._small.convert("RGB")
        if rendering.kind is Rendering.ALPHA:
            return _equalized(self._small.getchannel("A")).convert("RGB")
        return _shrunk(_colors(self._at(rendering.width)))

    @cached_property
    def _small(self) -> Image.Image:
        return _shrunk(self._frame)

    def _at(self, width: int | None) -> Image.Image:
        """Return the frame ``width`` px wide, scaled like a stored copy."""
        if width is None or width >= self._frame.width:
            return self._frame
        return resized(self._frame, (width, max(1, round(self._frame.height * width / self._frame.width))))


def plain_backdrop(frame: Image.Image) -> FrameRendering | None:
    """Return a background from which all opaque pixels of a clean frame differ; None if there is none."""
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
    """Return the renderings of a frame that show everything that a viewer can see.

    ``sparing`` is for animations: for a clean frame one background is enough if all opaque pixels differ from it.
    """
    renderings = renderings_of(frame)
    if sparing and len(renderings) == len(BACKDROPS) and (plain := plain_backdrop(frame)):
        return (plain,)
    return renderings


def _shrunk(image: Image.Image) -> Image.Image:
    longest = max(image.size)
    if longest <= LONGEST_SIDE_PX:
        return image
    width, height = (max(1, side * LONGEST_SIDE_PX // longest) for side in image.size)
    return image.resize((width, height), VIEW_FILTER)


def _colors(frame: Image.Image) -> Image.Image:
    """Return the colours of a frame without alpha, grey where it is fully transparent."""
    canvas = Image.new("RGB", frame.size, COLORS["gray"][:3])
    canvas.paste(frame.convert("RGB"), mask=frame.getchannel("A").point([0] + [255] * 255))
    return canvas


def _equalized(alpha: Image.Image) -> Image.Image:
    """Return alpha with its levels spread by the square roots of their numbers of pixels.

    Spread by the numbers themselves, a small faint picture would stay faint beside a large flat area; spread evenly, it
    would stay faint inside a border with all levels.
    """
    weights = [count**0.5 for count in alpha.histogram()]
    middles = (below + weight / 2 for below, weight in zip(accumulate(weights, initial=0.0), weights, strict=False))
    return alpha.point([round(255 * middle / sum(weights)) for middle in middles])
