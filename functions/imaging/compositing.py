"""Composes the frames of GIF and APNG onto a canvas.

A frame is a region of the canvas. It replaces the pixels below it or is drawn over them; after it is shown, its region
is kept, cleared or restored (GIF89a, 23; PNG, 3rd edition, 11.3.6.2). The container walk writes one file per frame,
which Pillow decodes; Pillow's own composition differs from browsers' (docs/adr/0032). Areas that no frame covers are
transparent.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from PIL import Image

Box = tuple[int, int, int, int]
"""Left, top, right and lower edge in px."""


class Disposal(Enum):
    """What happens to a frame's region before the next frame."""

    KEEP = auto()
    CLEAR = auto()
    RESTORE = auto()


class Blend(Enum):
    """How a frame is drawn: it replaces the canvas or is drawn over it."""

    SOURCE = auto()
    OVER = auto()


@dataclass(frozen=True)
class Palette:
    """The colours of a GIF frame as RGB bytes, and the index that leaves the canvas unchanged."""

    colors: bytes
    transparent: int | None = None


@dataclass(frozen=True)
class FrameRegion:
    """One frame. ``file`` returns a file with only its pixels; with a ``palette``, levels are indices.

    ``box`` can extend beyond the canvas.
    """

    box: Box
    file: Callable[[], bytes] = field(repr=False, compare=False)
    duration_ms: int = 0
    disposal: Disposal = Disposal.KEEP
    blend: Blend = Blend.OVER
    palette: Palette | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px."""
        return self.box[2] - self.box[0], self.box[3] - self.box[1]


@dataclass(frozen=True)
class Animation:
    """The frames of a file, and the number of plays, 0 for infinite."""

    frames: tuple[FrameRegion, ...]
    plays: int = 1


def composed(
    size: tuple[int, int], frames: Iterator[tuple[FrameRegion, Image.Image]]
) -> Iterator[tuple[FrameRegion, Image.Image]]:
    """Draw each frame's pixels (RGB or RGBA); yield the frame with the whole RGBA canvas of ``size`` px.

    Memory holds the canvas, the frame and, for a frame that is restored, its region.
    """
    canvas = Image.new("RGBA", size)
    for region, pixels in frames:
        box = _inside(region.box, size)
        before = canvas.crop(box) if box and region.disposal is Disposal.RESTORE else None
        if box:
            _draw(canvas, region, pixels, box)
        yield region, canvas.copy()
        if box and region.disposal is not Disposal.KEEP:
            canvas.paste(before or Image.new("RGBA", (box[2] - box[0], box[3] - box[1])), box)


def indexed(levels: Image.Image, palette: Palette) -> Image.Image:
    """Return RGBA pixels for palette indices (mode L). An index outside the palette is transparent."""
    count = len(palette.colors) // 3
    channels = [bytes(palette.colors[channel : 3 * count : 3]).ljust(256, b"\0") for channel in range(3)]
    shown = [255 if index < count and index != palette.transparent else 0 for index in range(256)]
    return Image.merge("RGBA", [levels.point(list(table)) for table in (*channels, shown)])


def _draw(canvas: Image.Image, region: FrameRegion, pixels: Image.Image, box: Box) -> None:
    left, top = region.box[:2]
    part = (box[0] - left, box[1] - top, box[2] - left, box[3] - top)
    source = pixels if part == (0, 0, *pixels.size) else pixels.crop(part)
    if region.blend is Blend.SOURCE or source.mode != "RGBA":
        canvas.paste(source, box)
    else:
        canvas.alpha_composite(source, box[:2])


def _inside(box: Box, size: tuple[int, int]) -> Box | None:
    """Return the part of a region that is on the canvas; None if there is none."""
    left, top, right, lower = max(0, box[0]), max(0, box[1]), min(size[0], box[2]), min(size[1], box[3])
    return (left, top, right, lower) if left < right and top < lower else None
