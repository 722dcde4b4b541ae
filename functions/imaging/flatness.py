"""Which pictures are flat: text, charts and line art in few colours. Lossy compression spoils these (docs/adr/0018)."""

from functools import reduce
from typing import Final

from PIL import Image, ImageChops

FLAT_SHARE: Final = 0.4
"""Smallest share of a flat picture's pixels that are equal to the previous one. Pages of text have half and more,
charts nine tenths; dithered pictures have fewer, and their lossless files would be large."""

FLAT_COLORS: Final = 4096
"""Most colours of a flat picture. Scaled pages of text in two inks have up to 2,600 in the sampled rows."""

MOST_COMMON: Final = 16
MOST_COMMON_SHARE: Final = 0.5
"""Smallest share of the most common colours, such as paper and ink. In shaded drawings they cover a third."""

FEW_COLORS: Final = 128
"""A picture with at most this many colours is flat, however common each of them is."""

ROWS_APART: Final = 8
"""Every eighth row is sampled; all rows give the same result."""


def is_flat(image: Image.Image) -> bool:
    """Tell whether an image is drawn in few colours. Takes 0.2 ms at 800 px."""
    rows = image.resize((image.width, -(-image.height // ROWS_APART)), Image.Resampling.NEAREST)
    changes = ImageChops.difference(rows, ImageChops.offset(rows, 1, 0)).split()
    unchanged = reduce(ImageChops.lighter, changes).histogram()[0]
    if unchanged < FLAT_SHARE * rows.width * rows.height:
        return False
    colors = rows.getcolors(FLAT_COLORS)  # None if there are more
    if colors is None:
        return False
    most_common = sorted((count for count, _ in colors), reverse=True)[:MOST_COMMON]
    return len(colors) <= FEW_COLORS or sum(most_common) >= MOST_COMMON_SHARE * rows.width * rows.height
