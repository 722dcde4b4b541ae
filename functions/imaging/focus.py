"""Finds the focal point of a picture, on which crops with position=auto are centred.

A point stands out if its brightness and colour differ from its surroundings, or if it has the colour of skin; points
near the edges count less. The focal point is the centre of what stands out around the strongest point. Measured on
photographs and drawn scenes in docs/adr/0036; `python -m benchmarks.focus` prints the figures.
"""

from math import hypot
from typing import Final

from PIL import Image, ImageFilter

from functions.imaging.resizing import flattened
from functions.shared.variant import POINT_STEPS, POINTS

SIDE_PX: Final = 64
"""Longer side of the picture that is examined."""

DETAIL_PX: Final = 1
SURROUNDINGS_PX: Final = 9
"""Radii of the two blurs that are compared: smaller detail is texture, larger areas are background."""

PEAK_PX: Final = 5
"""Radius of the blur applied before the search for the strongest point: the size of a small subject."""

CHROMA_WEIGHT: Final = 2
SKIN_WEIGHT: Final = 0.5
SKIN_CB: Final = range(80, 126)
SKIN_CR: Final = range(137, 173)
"""Chroma of skin of all shades (Chai and Ngan's ranges, slightly wider)."""
DARKEST_SKIN: Final = 40
MAX_SKIN_SHARE: Final = 0.3
"""Largest share of skin-coloured pixels: above it, sand or wood is more likely than people."""

EDGE_LOSS: Final = 1.2
"""Weight that a corner loses, relative to the centre, per half of the squared distance."""

REACH: Final = 0.5
"""Distance from the strongest point within which others count, as a share of the longer side."""


def focal_point(image: Image.Image) -> tuple[int, int]:
    """Return the focal point as x and y from 0 to POINT_STEPS. Takes 5 ms; the centre if nothing stands out."""
    scale = SIDE_PX / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    small = image.resize((width, height), Image.Resampling.BOX)
    weights = _weights(small)
    if not any(weights):
        return POINTS["center"]
    across, down = _strongest(weights, (width, height))
    reach = REACH * max(width, height)
    total = left = top = 0.0
    for index, weight in enumerate(weights):
        x, y = index % width + 0.5, index // width + 0.5
        near = weight * max(0.0, 1 - (hypot(x - across, y - down) / reach) ** 2)
        total, left, top = total + near, left + near * x, top + near * y
    return round(POINT_STEPS * left / total / width), round(POINT_STEPS * top / total / height)


def _weights(small: Image.Image) -> list[float]:
    """Return how much each pixel stands out, row by row; 0 for pixels below the average."""
    width, height = small.size
    channels = flattened(small, "white").convert("YCbCr").split()
    near, far = (
        [channel.filter(ImageFilter.GaussianBlur(radius)).tobytes() for channel in channels]
        for radius in (DETAIL_PX, SURROUNDINGS_PX)
    )
    contrast = [
        abs(y - other_y) + CHROMA_WEIGHT * (abs(cb - other_cb) + abs(cr - other_cr))
        for y, cb, cr, other_y, other_cb, other_cr in zip(*near, *far, strict=True)
    ]
    most = max(contrast)
    if most == 0:
        return [0.0] * len(contrast)
    skin = [
        y > DARKEST_SKIN and cb in SKIN_CB and cr in SKIN_CR
        for y, cb, cr in zip(*(channel.tobytes() for channel in channels), strict=True)
    ]
    skin_weight = SKIN_WEIGHT if sum(skin) < MAX_SKIN_SHARE * len(skin) else 0.0
    standing = [each / most + skin_weight * is_skin for each, is_skin in zip(contrast, skin, strict=True)]
    average = sum(standing) / len(standing)
    return [
        max(0.0, each - average)
        * (1 - EDGE_LOSS * (((index % width + 0.5) / width - 0.5) ** 2 + ((index // width + 0.5) / height - 0.5) ** 2))
        for index, each in enumerate(standing)
    ]


def _strongest(weights: list[float], size: tuple[int, int]) -> tuple[float, float]:
    """Return the point, in px, with the largest weights around it."""
    most = max(weights)
    levels = Image.frombytes("L", size, bytes(int(255 * each / most) for each in weights))
    blurred = levels.filter(ImageFilter.GaussianBlur(PEAK_PX)).tobytes()
    index = blurred.index(max(blurred))
    return index % size[0] + 0.5, index // size[0] + 0.5
