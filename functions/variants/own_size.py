"""One name for all variants that are larger than the picture.

Nothing is enlarged, so all widths above the picture's own give the same picture. It is generated and stored once, under
the name of the smallest step at or above the picture's own size. The edge does not know a picture's size and requests
larger names from `serve`, which returns the stored variant.
"""

from dataclasses import replace
from typing import Final

from functions.imaging.geometry import place
from functions.shared.variant import (
    LADDER,
    POINTS,
    Sizes,
    Variant,
    same_shape,
    shorter_sides,
    snapped_box,
    snapped_side,
)

_WHOLE_PICTURE_FITS: Final = ("fill", "inside")
"""Fits that return the whole picture if both sides are at least the picture's own."""


def at_own_size(variant: Variant, size: tuple[int, int], *, sizes: Sizes) -> Variant:
    """Return the variant whose name this one is stored under, for a picture of ``size`` (width, height in px).

    The result differs only if the variant is larger than the picture. The two renderings may differ by a pixel.
    """
    width, height = variant.width, variant.height
    if width is None and height is None:  # the whole picture has this name already
        return variant
    if _is_whole(variant, size):
        own = snapped_side(size[0], sizes)
        center = POINTS["center"]
        return replace(variant, width=own, height=None, fit="cover", position=center, background=None)
    if width is None or height is None:
        return variant
    if variant.fit == "fill":
        box = _smallest_fill((width, height), size, sizes)
    elif _covers((width, height), size, variant.fit):
        box = _smallest_of_shape((width, height), size, variant.fit, sizes)
    else:
        return variant
    return replace(variant, width=box[0], height=box[1])


def _is_whole(variant: Variant, size: tuple[int, int]) -> bool:
    """Tell whether the variant is the whole picture at its own size."""
    wide = variant.width is None or variant.width >= size[0]
    high = variant.height is None or variant.height >= size[1]
    if variant.width is None or variant.height is None or variant.fit in _WHOLE_PICTURE_FITS:
        return wide and high
    return variant.fit == "outside" and (wide or high)


def _covers(box: tuple[int, int], size: tuple[int, int], fit: str) -> bool:
    """Tell whether the picture would be enlarged for any larger box of the same shape."""
    wide, high = box[0] >= size[0], box[1] >= size[1]
    return (wide or high) if fit == "cover" else fit == "contain" and wide and high


def _smallest_of_shape(box: tuple[int, int], size: tuple[int, int], fit: str, sizes: Sizes) -> tuple[int, int]:
    if sizes is Sizes.EXACT:
        return place(size, *box, fit, POINTS["center"]).canvas
    return next((each for each in same_shape(*box) if _covers(each, size, fit)), box)


def _smallest_fill(box: tuple[int, int], size: tuple[int, int], sizes: Sizes) -> tuple[int, int]:
    """Reduce the side that is larger than the picture's, as long as the other side stays the same."""
    width, height = box
    if sizes is Sizes.EXACT:
        return min(width, size[0]), min(height, size[1])
    if width > size[0]:
        boxes = [(each, height) for each in _sides_beside(height, size[0], width)]
    elif height > size[1]:
        boxes = [(width, each) for each in _sides_beside(width, size[1], height)]
    else:
        return box
    return next((each for each in boxes if snapped_box(*each, sizes) == each), box)


def _sides_beside(other: int, least: int, most: int) -> list[int]:
    """Return sides, in px and ascending, that a canonical box with ``other`` can have."""
    return sorted(side for side in {*LADDER, *shorter_sides(other)} if least <= side <= most)
