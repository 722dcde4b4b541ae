"""An irreversible blur: a picture is reduced to a mosaic of a few cells, and every stored file is drawn from these.

After a Gaussian of 3 % of the longer side, deconvolution recovered large lettering and three quarters of a face's
details (docs/adr/0025). A mosaic discards everything but the mean colours of its cells. Alpha is treated like any other
channel, because an outline reveals as much as its content.

An animation becomes a still, the mean of all frames. If a camera moves, each frame's mosaic samples the scene at
different places, and 16 such frames reveal more than a Gaussian does.
"""

from collections.abc import Iterable
from typing import Final

from PIL import Image, ImageFilter

from functions.imaging.picture import DecodedPicture
from functions.shared.options import Blur, BlurKind

LONG_SIDE: Final = 2
"""The longer side has at most this many times as many cells as the shorter one."""

PX_PER_CELL: Final = 16
"""Resolution at which the cells are smoothed; larger sizes are interpolated from it."""

SMOOTHING: Final = 0.6
"""Sigma, in cells, of the Gaussian that hides the edges between cells; with less the squares show."""

BLOCKS_PER_CELL: Final = 128
"""The last enlargement repeats pixels in blocks of at most this fraction of a cell. Neighbouring blocks then differ by
at most 2 levels of 255. It halves the time for 12 megapixels."""

GREY: Final = (128, 128, 128)
"""Colour of the tile for a picture that is fully transparent."""


class BlurredCopies:
    """Blurred stills of one picture, all drawn from the same cells.

    ``frames`` may come from a smaller copy of the picture; ``size`` is the size of the whole picture in px. ``rights``
    is kept unchanged.
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
    """Return columns and rows for a picture of this size in px: roughly square cells, none smaller than 1 px."""
    shorter, longer = sorted(size)
    few, many = cells, round(cells * longer / shorter)
    if many > LONG_SIDE * cells:
        few, many = max(1, round(LONG_SIDE * cells * shorter / longer)), LONG_SIDE * cells
    few, many = min(few, shorter), min(many, longer)
    return (many, few) if size[0] >= size[1] else (few, many)


def mosaic(image: Image.Image, grid: tuple[int, int]) -> Image.Image:
    """Return the mean colours of the cells of an RGB or RGBA image, as RGB or premultiplied RGBa."""
    premultiplied = image.convert("RGBa") if image.mode == "RGBA" else image
    columns, rows = (min(cells, side) for cells, side in zip(grid, image.size, strict=True))
    return premultiplied.resize((columns, rows), Image.Resampling.BOX)


def mean_of(mosaics: list[Image.Image]) -> Image.Image:
    """Return the mean of mosaics of the same size."""
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
    """Return one opaque pixel with the mean visible colour."""
    one = cells.resize((1, 1), Image.Resampling.BOX)
    if one.mode == "RGB":
        return one
    return (
        Image.new("RGB", (1, 1), GREY)
        if one.getchannel("a").getextrema() == (0, 0)
        else one.convert("RGBA").convert("RGB")
    )
