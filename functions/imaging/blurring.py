"""A blur that cannot be undone: a picture becomes a mosaic of a few cells, and all that is stored is drawn from these.

A Gaussian of 3 % of the longer side left large lettering to be read again, and three quarters of a face's details
(docs/adr/0025). What a mosaic's cells do not say is gone, whatever is done to them afterwards. Alpha is a channel like
the others: an outline tells as much as what it encloses.

An animation becomes a still, the mean of all its frames: where a camera moves, the cells of each frame are another
sample of the same scene, and 16 frames give back more of it than a Gaussian left.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from PIL import Image, ImageFilter

from functions.imaging.picture import DecodedPicture

MOST_CELLS: Final = 8
"""Cells on the shorter side at most; a stage may have fewer, never more. Of a face's details 8 leave a correlation of
0.14, 12 leave 0.28, 16 leave 0.48."""

DEFAULT_CELLS: Final = 4
"""Eight still show four digits that fill the picture. The smallest font in which digits can be read is five cells high,
so that no line of text within a picture four cells high can be."""

LONG_SIDE: Final = 2
"""How many times as many cells the longer side has at most."""

PX_PER_CELL: Final = 16
"""Size at which the cells are smoothed; what is larger is interpolated from that."""

SMOOTHING: Final = 0.6
"""Sigma of the Gaussian that smooths the edges between cells, in cells: less shows squares."""

BLOCKS_PER_CELL: Final = 128
"""The last enlargement repeats pixels, in blocks of at most this part of a cell: across the sharpest edge that there
can be, neighbouring blocks then differ by 2 of 255. At 12 megapixels it saves half of the time."""

GREY: Final = (128, 128, 128)
"""The tile of a picture in which nothing can be seen."""


class BlurKind(StrEnum):
    """mosaic: a soft field of few colours. tile: one colour, by which nothing can be compared either."""

    MOSAIC = "mosaic"
    TILE = "tile"


@dataclass(frozen=True)
class Blur:
    """How to blur; ``cells`` on the shorter side of a mosaic, 1 to MOST_CELLS."""

    kind: BlurKind = BlurKind.MOSAIC
    cells: int = DEFAULT_CELLS

    def __str__(self) -> str:
        """Return the name by which a record tells it: ``mosaic-4``, ``tile``."""
        return f"{self.kind}-{self.cells}" if self.kind is BlurKind.MOSAIC else str(self.kind)


DEFAULT_BLUR: Final = Blur()

BLURS: Final = {
    str(blur): blur
    for blur in (Blur(BlurKind.TILE), *(Blur(BlurKind.MOSAIC, cells) for cells in range(1, MOST_CELLS + 1)))
}
"""Every blur that a stage may have, by its name."""


class BlurredCopies:
    """Blurred stills of one picture, each drawn from the same cells.

    ``frames`` may be those of a smaller copy, at least as wide as there are cells; ``size`` is the whole picture's, in
    px. ``rights`` are kept as they are.
    """

    def __init__(self, frames: Iterable[Image.Image], size: tuple[int, int], blur: Blur, rights: bytes = b"") -> None:
        self._size = size
        self._rights = rights
        self._grid = grid_of(size, blur.cells)
        cells = mean_of([mosaic(frame, self._grid) for frame in frames])
        self._field = _tile(cells) if blur.kind is BlurKind.TILE else _smoothed(cells)

    def at(self, width: int) -> DecodedPicture:
        """Return the blurred picture ``width`` px wide, at most as wide as the sharp one."""
        whole = self._size
        size = whole if width >= whole[0] else (width, max(1, round(whole[1] * width / whole[0])))
        block = max(1, min(size[0] // self._grid[0], size[1] // self._grid[1]) // BLOCKS_PER_CELL)
        blocks = (-(-size[0] // block), -(-size[1] // block))
        image = self._field.resize(blocks, Image.Resampling.BICUBIC)
        image = image.convert("RGBA") if image.mode == "RGBa" else image
        if block > 1:
            image = image.resize(size, Image.Resampling.NEAREST, box=(0, 0, size[0] / block, size[1] / block))
        return DecodedPicture((image,), rights=self._rights)


def grid_of(size: tuple[int, int], cells: int) -> tuple[int, int]:
    """Return columns and rows for a picture of this size: about square cells, within both bounds, none below 1 px."""
    shorter, longer = sorted(size)
    few, many = cells, round(cells * longer / shorter)
    if many > LONG_SIDE * cells:
        few, many = max(1, round(LONG_SIDE * cells * shorter / longer)), LONG_SIDE * cells
    few, many = min(few, shorter), min(many, longer)
    return (many, few) if size[0] >= size[1] else (few, many)


def mosaic(image: Image.Image, grid: tuple[int, int]) -> Image.Image:
    """Return the mean colours of an RGB or RGBA image's cells, as RGB or premultiplied RGBa."""
    premultiplied = image.convert("RGBa") if image.mode == "RGBA" else image
    columns, rows = (min(cells, side) for cells, side in zip(grid, image.size, strict=True))
    return premultiplied.resize((columns, rows), Image.Resampling.BOX)


def mean_of(mosaics: list[Image.Image]) -> Image.Image:
    """Return the mean of mosaics of one size."""
    if len(mosaics) == 1:
        return mosaics[0]
    mode = "RGBa" if any(each.mode == "RGBa" for each in mosaics) else "RGB"
    levels = zip(*(each.tobytes() if each.mode == mode else _opaque(each).tobytes() for each in mosaics), strict=True)
    half = len(mosaics) // 2
    return Image.frombytes(mode, mosaics[0].size, bytes((sum(each) + half) // len(mosaics) for each in levels))


def _opaque(cells: Image.Image) -> Image.Image:
    return cells.convert("RGBA").convert("RGBa")


def _smoothed(cells: Image.Image) -> Image.Image:
    size = (cells.width * PX_PER_CELL, cells.height * PX_PER_CELL)
    return cells.resize(size, Image.Resampling.NEAREST).filter(ImageFilter.GaussianBlur(SMOOTHING * PX_PER_CELL))


def _tile(cells: Image.Image) -> Image.Image:
    """Return one opaque pixel: the mean colour of what can be seen."""
    one = cells.resize((1, 1), Image.Resampling.BOX)
    if one.mode == "RGB":
        return one
    return (
        Image.new("RGB", (1, 1), GREY)
        if one.getchannel("a").getextrema() == (0, 0)
        else one.convert("RGBA").convert("RGB")
    )
