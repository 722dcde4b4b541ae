"""The kind of alpha in a picture: none, a clean outline, or shadows, halftones and faint pictures (docs/adr/0019)."""

from typing import Final

from PIL import Image, ImageChops

from functions.imaging.similarity import GRID, LIMITS, highest, over_windows

WINDOWS: Final = (6, 12, 24, 48, 96)
"""Sides of the windows in which edges are counted, in cells (similarity.GRID)."""

EDGE_LEVELS: Final = 4
"""Limit on the share of a window's pixels on edges of alpha (0 to 255), as a multiple of similarity.LIMITS: 37 % of
small windows, 16 % of large ones. A drawing in so few pixels, with the contrast of a photograph (64 levels from the
mean), makes no larger difference. Outlines of stickers have 25 % of a small window and 10 % of a large one; soft
shadows have 45 %."""

SMALLEST_WINDOW_PX: Final = 32
"""Side in px of the smallest window in which edges are counted; small pictures have outlines of the same width."""


def is_opaque(frame: Image.Image) -> bool:
    """Tell whether a frame is opaque."""
    return frame.mode != "RGBA" or frame.getchannel("A").getextrema() == (255, 255)


def is_clean(alpha: Image.Image) -> bool:
    """Tell whether an alpha channel is an outline: apart from edges, pixels are either opaque or transparent.

    Such a picture shows the same opaque pixels over any background and nothing else. Takes about 4 ms per megapixel.
    """
    solid = alpha.point([0] + [128] * 254 + [255])
    soft = solid.point([0] + [255] * 254 + [0])
    steps = ImageChops.lighter(
        ImageChops.difference(solid, ImageChops.offset(solid, 1, 0)),
        ImageChops.difference(solid, ImageChops.offset(solid, 0, 1)),
    )
    edges = ImageChops.lighter(soft, steps.point([0] * 255 + [255]))
    shares = edges.resize((GRID, GRID), Image.Resampling.BOX).reduce(min(LIMITS) // 2)
    for side in WINDOWS:
        limit = LIMITS.get(side, min(LIMITS.values())) * EDGE_LEVELS
        if (side * min(alpha.size) >= SMALLEST_WINDOW_PX * GRID or side == GRID) and highest(
            over_windows(shares)
        ) > limit:
            return False
        shares = shares.reduce(2)
    return True
