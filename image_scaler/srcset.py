"""The sizes in a picture's srcset: those of common screens, up to the picture's own size.

``docs/frontend/image-scaler.mjs`` implements the same rule for browsers; one table of cases tests both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTHS: Final = (320, 640, 828, 1280, 1920, 2560)
"""Widths in px of common screens, all of them steps to which requested widths are rounded."""


@dataclass(frozen=True)
class Step:
    """One entry: the sides to request, in px (``height`` is None without a crop), and the width of the result."""

    width: int
    height: int | None
    served_width: int


def steps(size: tuple[int, int], *, ratio: float | None = None, widths: Sequence[int] = WIDTHS) -> list[Step]:
    """Return the srcset sizes of a picture of ``size`` (width, height in px), smallest first.

    The service never enlarges, so the first step that covers the picture is the last one, and its ``served_width`` is
    the picture's. ``ratio`` crops to width : height. For a tall crop ``widths`` are heights, because the service rounds
    the longer side to its steps. Raises ValueError for sides, ratios and widths that are not positive.
    """
    if min(size) < 1 or (ratio is not None and ratio <= 0) or not widths or min(widths) < 1:
        raise ValueError("size, ratio and widths must be positive")
    across, down = float(size[0]), float(size[1])
    if ratio is not None:
        across, down = min(across, down * ratio), min(down, across / ratio)
    tall = ratio is not None and ratio < 1
    longer = down if tall else across
    found = []
    for side in sorted(set(widths)):
        other = None if ratio is None else _rounded(side * ratio if tall else side / ratio)
        width, height = (other or 1, side) if tall else (side, other)
        found.append(Step(width, height, min(width, _rounded(across))))
        if side >= longer:
            break
    return found


def _rounded(side: float) -> int:
    """Round halves up, as JavaScript does."""
    return max(1, int(side + 0.5))
