"""Plans a resize: which part of a picture is kept, at what size, and where on the canvas. Arithmetic only.

Fits have sharp's names (https://sharp.pixelplumbing.com/api-resize): cover, contain, fill, inside, outside. Nothing is
enlarged: a box that is too large for the picture shrinks and keeps its aspect ratio.
"""

from dataclasses import dataclass
from fractions import Fraction

from functions.shared.variant import POINT_STEPS


@dataclass(frozen=True)
class Placement:
    """``crop`` (left, top, right, bottom; px of the source) is scaled to ``size`` and pasted at ``offset``.

    ``canvas`` is the size of the result; it equals ``size`` except for fit ``contain``.
    """

    crop: tuple[float, float, float, float]
    size: tuple[int, int]
    canvas: tuple[int, int]
    offset: tuple[int, int] = (0, 0)


def place(
    source: tuple[int, int], width: int | None, height: int | None, fit: str, position: tuple[int, int]
) -> Placement:
    """Plan the fit of a picture of ``source`` px into ``width`` by ``height`` px. A missing side keeps the shape.

    ``position`` is the point to keep, or the place of the picture on the canvas: x and y from 0 to POINT_STEPS. Raises
    ValueError for an unknown fit and for sides below 1.
    """
    source_width, source_height = source
    if any(side is not None and side < 1 for side in (width, height)):
        raise ValueError(f"sides must be at least 1 px, not {width} x {height}")
    whole = (0.0, 0.0, float(source_width), float(source_height))
    if width is None or height is None:
        factor = 1.0
        if width is not None:
            factor = min(1.0, width / source_width)
        elif height is not None:
            factor = min(1.0, height / source_height)
        size = _scaled(source, factor)
        return Placement(whole, size, size)

    # Exact: boxes of one shape that are larger than the picture must give the same canvas.
    by_width, by_height = Fraction(width, source_width), Fraction(height, source_height)
    if fit == "fill":
        size = (min(width, source_width), min(height, source_height))
        return Placement(whole, size, size)
    if fit in {"inside", "outside"}:
        ratio = min(by_width, by_height) if fit == "inside" else max(by_width, by_height)
        size = _scaled(source, min(Fraction(1), ratio))
        return Placement(whole, size, size)
    if fit == "cover":
        canvas = _scaled((width, height), min(Fraction(1), 1 / max(by_width, by_height)))
        crop = _window(source, canvas, position)
        return Placement(crop, canvas, canvas)
    if fit == "contain":
        ratio = min(by_width, by_height)
        canvas = _scaled((width, height), min(Fraction(1), 1 / ratio))
        ratio = min(Fraction(1), ratio)
        size = (min(canvas[0], _rounded(source_width * ratio)), min(canvas[1], _rounded(source_height * ratio)))
        x, y = position
        offset = (
            round((canvas[0] - size[0]) * x / POINT_STEPS),
            round((canvas[1] - size[1]) * y / POINT_STEPS),
        )
        return Placement(whole, size, canvas, offset)
    raise ValueError(f"fit {fit!r} is not one of cover, contain, fill, inside, outside")


def _window(
    source: tuple[int, int], shape: tuple[int, int], position: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Return the largest part of the source with the aspect ratio of ``shape``, centred on the position if possible."""
    factor = min(source[0] / shape[0], source[1] / shape[1])
    width, height = min(source[0], shape[0] * factor), min(source[1], shape[1] * factor)
    x, y = position
    left = min(max(0.0, source[0] * x / POINT_STEPS - width / 2), source[0] - width)
    top = min(max(0.0, source[1] * y / POINT_STEPS - height / 2), source[1] - height)
    return left, top, left + width, top + height


def _scaled(size: tuple[int, int], factor: float | Fraction) -> tuple[int, int]:
    return _rounded(size[0] * factor), _rounded(size[1] * factor)


def _rounded(side: float | Fraction) -> int:
    return max(1, round(side))
