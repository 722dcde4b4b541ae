"""Colour that a file declares without an ICC profile: code points (cICP, nclx), gamma and chromaticities.

An ordinary transfer function becomes an ICC profile, which ImageCms applies. PQ and HLG become a 3D table, which also
maps the tones: HDR reference white is 203 cd/m² (ITU-R BT.2408), peak 1,000. Neither needs numpy, and both run in C
(docs/adr/0033).
"""

import struct
from dataclasses import dataclass
from functools import cache
from math import exp
from typing import Final

from PIL import ImageFilter

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]

REFERENCE_WHITE: Final = 203.0
"""Luminance in cd/m² of graphics white in HDR (ITU-R BT.2408-7, 2.2); it is shown near the white of sRGB."""

PEAK: Final = 1000.0
"""Luminance in cd/m² that is shown as the white of sRGB: the peak at which HLG is specified and most PQ is graded."""

KNEE: Final = 0.5
"""Linear level, with reference white as 1, up to which tones are not changed; above it the tones up to PEAK are
compressed into the rest. Reference white is shown as 225 of 255."""

TABLE_SIDE: Final = 33
"""Nodes of the table per channel. Between them levels are interpolated, which also smooths the edge of the gamut: exact
conversion turns the steps of 8 bits of PQ into blotches, because one step of red changes a dark channel of a saturated
green by 30 levels."""

D65: Final = (0.3127, 0.3290)

BT709: Final = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), D65)

_PRIMARIES: Final = {
    1: BT709,
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), (0.310, 0.316)),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
    8: ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), (0.310, 0.316)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), D65),
}
"""Chromaticities of red, green, blue and white by code point (ITU-T H.273, table 2)."""

_SRGB_TRANSFERS: Final = frozenset({1, 2, 6, 7, 11, 12, 13, 14, 15})
"""Transfer characteristics treated as sRGB (H.273, table 3): sRGB itself, unspecified, and television's camera curves,
which viewers of stills show as sRGB."""
_GAMMAS: Final = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}
_PQ: Final = 16
_HLG: Final = 18

MIN_GAMMA: Final = 1_000
MAX_GAMMA: Final = 10_000_000
"""Range of valid gAMA values, in 100,000ths; others are ignored, as in libpng."""

_SRGB_GAMMA: Final = range(45_000, 46_001)
"""gAMA values that mean the sRGB curve: encoders write 45,455 with or instead of an sRGB chunk."""

Primaries = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Colorimetry:
    """``primaries`` are chromaticities of red, green, blue and white. ``gamma`` is the exponent of decoding; None for
    the curve of sRGB, unless ``hdr`` names ``PQ`` or ``HLG``. Levels are 16 to 235 unless ``full_range``.
    """

    primaries: Primaries = BT709
    gamma: float | None = None
    hdr: str = ""
    full_range: bool = True


def is_known(primaries: int, transfer: int) -> bool:
    """Tell whether both code points have a known meaning."""
    return primaries in _PRIMARIES and (transfer in _SRGB_TRANSFERS - {2} or transfer in {*_GAMMAS, _PQ, _HLG})


def of_code_points(primaries: int, transfer: int, *, full_range: bool = True) -> Colorimetry | None:
    """Return the meaning of H.273's code points; None if they mean sRGB or the transfer is unknown.

    Unknown primaries count as those of sRGB.
    """
    hdr = {_PQ: "PQ", _HLG: "HLG"}.get(transfer, "")
    if not hdr and transfer not in _SRGB_TRANSFERS and transfer not in _GAMMAS:
        return None
    found = Colorimetry(_PRIMARIES.get(primaries, BT709), _GAMMAS.get(transfer), hdr, full_range)
    return None if found == Colorimetry() else found


def of_chromaticities(gamma: int | None, values: tuple[int, ...] | None) -> Colorimetry | None:
    """Return the meaning of a PNG's gAMA and cHRM (in 100,000ths: white, red, green, blue); None if they are sRGB's.

    A missing or invalid value counts as sRGB's.
    """
    exponent = None
    if gamma is not None and MIN_GAMMA <= gamma <= MAX_GAMMA and gamma not in _SRGB_GAMMA:
        exponent = 100_000 / gamma
    primaries = BT709
    if values is not None and len(values) == 8:
        white, *colors = ((x / 100_000, y / 100_000) for x, y in zip(values[::2], values[1::2], strict=True))
        stated = (colors[0], colors[1], colors[2], white)
        if _is_usable(stated) and any(
            abs(a - b) > 0.002 for p, q in zip(stated, BT709, strict=True) for a, b in zip(p, q, strict=True)
        ):
            primaries = stated
    found = Colorimetry(primaries, exponent)
    return None if found == Colorimetry() else found


def _is_usable(primaries: Primaries) -> bool:
    if not all(y > 0.0001 and x >= 0 and x + y <= 1.0001 for x, y in primaries):
        return False
    (rx, ry), (gx, gy), (bx, by), (wx, wy) = primaries
    area = (gx - rx) * (by - ry) - (bx - rx) * (gy - ry)
    if abs(area) < 0.001:
        return False
    weights = (
        ((gx - wx) * (by - wy) - (bx - wx) * (gy - wy)) / area,
        ((bx - wx) * (ry - wy) - (rx - wx) * (by - wy)) / area,
        ((rx - wx) * (gy - wy) - (gx - wx) * (ry - wy)) / area,
    )
    return all(weight > 0.001 for weight in weights)  # white is a mixture of the primaries


# --- matrices


def to_xyz(primaries: Primaries) -> Matrix:
    """Return the matrix from linear RGB to XYZ, with the luminance of white as 1 (SMPTE RP 177)."""
    columns = [(x / y, 1.0, (1 - x - y) / y) for x, y in primaries]
    red, green, blue, white = columns
    scales = _times(_inverse(_transposed((red, green, blue))), white)
    return _transposed(
        tuple(tuple(each * scale for each in column) for column, scale in zip((red, green, blue), scales, strict=True))  # type: ignore[arg-type]
    )


def between(source: Primaries, target: Primaries) -> Matrix:
    """Return the matrix from linear RGB to linear RGB; white stays white (Bradford)."""
    return _product(_inverse(to_xyz(target)), _product(_adaptation(source[3], target[3]), to_xyz(source)))


_BRADFORD: Final = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_D50: Final = (0.3457, 0.3585)


def _adaptation(source: tuple[float, float], target: tuple[float, float]) -> Matrix:
    cones = [_times(_BRADFORD, (x / y, 1.0, (1 - x - y) / y)) for x, y in (source, target)]
    ratio = [after / before for before, after in zip(*cones, strict=True)]
    scaled: Matrix = ((ratio[0], 0.0, 0.0), (0.0, ratio[1], 0.0), (0.0, 0.0, ratio[2]))
    return _product(_inverse(_BRADFORD), _product(scaled, _BRADFORD))


def _times(matrix: Matrix, vector: Vector) -> Vector:
    a, b, c = (row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2] for row in matrix)
    return a, b, c


def _transposed(matrix: Matrix) -> Matrix:
    a, b, c = zip(*matrix, strict=True)
    return a, b, c


def _product(left: Matrix, right: Matrix) -> Matrix:
    columns = [_times(left, column) for column in _transposed(right)]
    return _transposed((columns[0], columns[1], columns[2]))


def _inverse(matrix: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    rows = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    x, y, z = ((p / determinant, q / determinant, r / determinant) for p, q, r in rows)
    return x, y, z


# --- profiles

_SRGB_CURVE: Final = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""IEC 61966-2-1 as the parameters g, a, b, c and d of an ICC curve."""


@cache
def icc_profile(colorimetry: Colorimetry) -> bytes:
    """Return an ICC profile (version 4, matrix and curves) for this colorimetry."""
    columns = _transposed(_product(_adaptation(colorimetry.primaries[3], _D50), to_xyz(colorimetry.primaries)))
    parameters = _SRGB_CURVE if colorimetry.gamma is None else (colorimetry.gamma,)
    curve = b"para" + bytes(4) + struct.pack(">HH", 3 if len(parameters) > 1 else 0, 0) + _fixed(*parameters)
    text = b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", 2, 28) + "-".encode("utf-16-be")
    tags = [(b"desc", text), (b"wtpt", b"XYZ " + bytes(4) + _fixed(0.9642, 1.0, 0.8249))]
    tags += [
        (name, b"XYZ " + bytes(4) + _fixed(*column))
        for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)
    ]
    tags += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    table, data = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags:
        table += name + struct.pack(">II", start + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    header = struct.pack(
        ">I4s4s4s4s4s12s4s24s4s12s4s44s",
        start + len(data), b"", b"\4\0\0\0", b"mntr", b"RGB ", b"XYZ ", bytes(12), b"acsp", bytes(24), bytes(4),
        _fixed(0.9642, 1.0, 0.8249), bytes(4), bytes(44),
    )  # fmt: skip
    return header + struct.pack(">I", len(tags)) + table + data


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", max(-(2**31), min(2**31 - 1, round(value * 65_536)))) for value in values)


# --- HDR


@cache
def hdr_table(colorimetry: Colorimetry) -> ImageFilter.Color3DLUT:
    """Return the table from the 8-bit levels of a PQ or HLG picture to sRGB."""
    matrix = between(colorimetry.primaries, BT709)
    luma = to_xyz(colorimetry.primaries)[1]
    decode, system = (_pq, _displayed) if colorimetry.hdr == "PQ" else (_hlg, _hlg_displayed)
    levels = [decode(node / (TABLE_SIDE - 1)) for node in range(TABLE_SIDE)]
    table = [
        level
        for blue in levels
        for green in levels
        for red in levels
        for level in _shown(matrix, system((red, green, blue), luma))
    ]
    return ImageFilter.Color3DLUT(TABLE_SIDE, table, target_mode="RGB", _copy_table=False)


def _pq(level: float) -> float:
    """Return the luminance in units of reference white (SMPTE ST 2084)."""
    power = level ** (1 / 78.84375)
    ratio = max(0.0, power - 0.8359375) / (18.8515625 - 18.6875 * power)
    return float(ratio ** (1 / 0.1593017578125)) * 10_000 / REFERENCE_WHITE


def _hlg(level: float) -> float:
    """Return the light of the scene from 0 to 1 (ITU-R BT.2100, table 5)."""
    if level <= 0.5:
        return level**2 / 3
    return (exp((level - 0.55991073) / 0.17883277) + 0.28466892) / 12


def _displayed(color: Vector, _luma: Vector) -> Vector:
    return color


def _hlg_displayed(color: Vector, luma: Vector) -> Vector:
    """Return the light of a display of 1,000 cd/m², whose system gamma is 1.2, in units of reference white."""
    scene = sum(weight * each for weight, each in zip(luma, color, strict=True))
    gain = PEAK / REFERENCE_WHITE * scene**0.2 if scene > 0 else 0.0
    return color[0] * gain, color[1] * gain, color[2] * gain


def _shown(matrix: Matrix, light: Vector) -> Vector:
    """Return linear light as levels of sRGB from 0 to 1.

    Each channel is compressed separately: bright colours lose saturation, as on film. Compressing all channels by the
    factor of the highest one would make a ridge at grey that a table of this size cannot resolve.
    """
    red, green, blue = light
    red, green, blue = _times(matrix, (_compressed(red), _compressed(green), _compressed(blue)))
    return _encoded(red), _encoded(green), _encoded(blue)


def _compressed(level: float) -> float:
    """Return the level, compressed above the knee by a curve that continues the line and ends at (PEAK, 1)."""
    if level <= KNEE:
        return level
    span = PEAK / REFERENCE_WHITE - KNEE
    slope = span / (1 - KNEE)
    part = min(1.0, (level - KNEE) / span)
    return KNEE + (1 - KNEE) * slope * part / (1 + (slope - 1) * part)


def _encoded(level: float) -> float:
    """Return the level of sRGB (IEC 61966-2-1)."""
    return 12.92 * max(0.0, level) if level <= 0.0031308 else 1.055 * float(min(1.0, level) ** (1 / 2.4)) - 0.055
