"""Which pictures are flat: text, charts, line art, drawn in few colours. What is lossy spoils these (docs/adr/0018)."""

from functools import reduce
from typing import Final

from PIL import Image, ImageChops

FLAT_SHARE: Final = 0.4
"""The part of a flat picture's pixels, at least, that repeat the one before them. Pages of text repeat half and more,
charts nine tenths; what is dithered repeats less, and would be dear to keep without loss."""

FLAT_COLORS: Final = 4096
"""Colours that a flat picture has at most. Pages of text in two inks, scaled down, have up to 2,600 in these rows."""

MOST_COMMON: Final = 16
MOST_COMMON_SHARE: Final = 0.5
"""What the most common of its colours cover at least: paper and ink. In shaded drawings they cover a third."""

FEW_COLORS: Final = 128
"""Colours up to which it does not matter how they are spread."""

ROWS_APART: Final = 8
"""Every eighth row tells what all would."""


def is_flat(image: Image.Image) -> bool:
    """Return whether an image is drawn in few colours. Takes 0.2 ms at 800 px."""
    rows = image.resize((image.width, -(-image.height // ROWS_APART)), Image.Resampling.NEAREST)
    changes = ImageChops.difference(rows, ImageChops.offset(rows, 1, 0)).split()
    unchanged = reduce(ImageChops.lighter, changes).histogram()[0]
    if unchanged < FLAT_SHARE * rows.width * rows.height:
        return False
    colors = rows.getcolors(FLAT_COLORS)  # None where there are more
    if colors is None:
        return False
    most_common = sorted((count for count, _ in colors), reverse=True)[:MOST_COMMON]
    return len(colors) <= FEW_COLORS or sum(most_common) >= MOST_COMMON_SHARE * rows.width * rows.height
