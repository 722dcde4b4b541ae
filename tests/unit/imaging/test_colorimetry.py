"""Code points, gamma and chromaticities become sRGB by the published formulas; HDR is tone mapped in between two."""

import struct
import zlib
from random import Random

import numpy as np
import pytest
from PIL import Image

from functions.imaging.color import to_srgb
from functions.imaging.colorimetry import Colorimetry, of_chromaticities, of_code_points
from functions.imaging.decoding import decode
from functions.imaging.inspection import inspect
from functions.imaging.limits import Limits
from tests import pictures
from tests.counted import counted

LIMITS = Limits()
COLORS = counted(usual=500, long=20_000)

WHITE = (0.3127, 0.3290)
CHROMATICITIES = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
"""BT.709, BT.2020 and Display P3."""

REFERENCE_WHITE = 203
PEAK = 1_000
KNEE = 0.5


def matrix_to_xyz(primaries):
    x, y = np.array(primaries).T
    columns = np.stack([x / y, np.ones(3), (1 - x - y) / y])
    white = np.array([WHITE[0] / WHITE[1], 1, (1 - sum(WHITE)) / WHITE[1]])
    return columns * np.linalg.solve(columns, white)


def in_linear_srgb(linear, primaries):
    matrix = np.linalg.inv(matrix_to_xyz(CHROMATICITIES[1])) @ matrix_to_xyz(CHROMATICITIES[primaries])
    return linear @ matrix.T


def encoded(linear):
    linear = np.clip(linear, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def srgb_decoded(levels):
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def pq_decoded(levels):
    """SMPTE ST 2084, in cd/m²."""
    power = levels ** (32 / 2523)
    return 10_000 * (np.maximum(power - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * power)) ** (16384 / 2610)


def hlg_displayed(levels):
    """ITU-R BT.2100 on a display of 1,000 cd/m²."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(levels <= 0.5, levels**2 / 3, (np.exp((levels - c) / a) + b) / 12)
    luminance = scene @ np.array([0.2627, 0.6780, 0.0593])
    return 1_000 * scene * luminance[:, None] ** 0.2


def shown(levels, colorimetry):
    """Return colours (rows of three levels of 255) as they are converted."""
    image = Image.fromarray(levels.reshape(1, -1, 3).astype(np.uint8))
    return np.asarray(to_srgb(image, colorimetry=colorimetry))[0].astype(float)


def random_levels(seed):
    return np.frombuffer(Random(seed).randbytes(3 * COLORS), np.uint8).reshape(-1, 3).astype(float)


@pytest.mark.parametrize("primaries", [1, 9, 12])
@pytest.mark.parametrize(
    ("transfer", "decoded"),
    [(13, srgb_decoded), (1, srgb_decoded), (4, lambda v: v**2.2), (5, lambda v: v**2.8), (8, lambda v: v)],
    ids=["sRGB", "BT.709", "gamma 2.2", "gamma 2.8", "linear"],
)
def test_code_points_are_converted_by_the_formulas(primaries, transfer, decoded):
    colorimetry = of_code_points(primaries, transfer)
    levels = random_levels(f"{primaries} {transfer}")

    found = shown(levels, colorimetry)

    expected = encoded(in_linear_srgb(decoded(levels / 255), primaries))
    assert np.abs(found - expected).max() <= 2


@pytest.mark.parametrize("gamma", [0.3, 1 / 1.8, 0.7, 1.0])
@pytest.mark.parametrize("primaries", [1, 9, 12])
def test_gamma_and_chromaticities_are_converted_by_the_formulas(gamma, primaries):
    values = tuple(round(100_000 * each) for point in (WHITE, *CHROMATICITIES[primaries]) for each in point)
    levels = random_levels(f"{gamma} {primaries}")

    found = shown(levels, of_chromaticities(round(100_000 * gamma), values))

    expected = encoded(in_linear_srgb((levels / 255) ** (1 / gamma), primaries))
    assert np.abs(found - expected).max() <= 2


DISPLAYED = {16: pq_decoded, 18: hlg_displayed}


@pytest.mark.parametrize(("primaries", "system"), [(9, 16), (12, 16), (9, 18)])
def test_hdr_tones_below_the_knee_are_those_of_the_formulas(primaries, system):
    """The table interpolates, so levels at the edge of the gamut differ by more than those inside."""
    levels = random_levels(f"hdr {primaries} {system}") * 0.6
    light = DISPLAYED[system](np.floor(levels) / 255) / REFERENCE_WHITE
    linear = in_linear_srgb(light, primaries)
    inside = (light.max(axis=1) <= KNEE) & (linear.min(axis=1) >= 0.005)

    off = np.abs(shown(levels, of_code_points(primaries, system)) - encoded(linear))[inside]

    assert inside.sum() > COLORS / 50
    assert off.mean() <= 1
    assert np.percentile(off, 99) <= 6
    assert off.max() <= 20


@pytest.mark.parametrize("system", [16, 18])
def test_hdr_greys_are_between_a_picture_with_white_at_203_and_one_compressed_throughout(system):
    """Extended Reinhard up to 1,000 cd/m² compresses all tones; clipping at 203 cd/m² compresses none."""
    greys = np.repeat(np.arange(256.0)[:, None], 3, axis=1)
    light = DISPLAYED[system](greys / 255) / REFERENCE_WHITE
    compressed = light * (1 + light / (PEAK / REFERENCE_WHITE) ** 2) / (1 + light)

    found = shown(greys, of_code_points(9, system))

    assert (found - encoded(compressed)).min() >= -2
    assert (found - encoded(light)).max() <= 2
    assert found[0].max() == 0
    assert found[-1].min() == 255
    assert (np.diff(found[:, 1]) >= 0).all()
    assert np.ptp(found, axis=1).max() <= 1


@pytest.mark.parametrize(("primaries", "transfer"), [(1, 13), (1, 1), (1, 6), (2, 2), (2, 13), (1, 2), (0, 0), (77, 9)])
def test_code_points_of_srgb_and_unknown_ones_change_nothing(primaries, transfer):
    assert of_code_points(primaries, transfer) is None


@pytest.mark.parametrize(
    ("gamma", "values"),
    [
        (None, None), (45_455, None), (0, None), (2**32 - 1, None), (999, None),
        (None, (0,) * 8), (None, (2**32 - 1,) * 8), (None, (31_270, 32_900) * 4), (45_455, (31_270,) * 7),
        (None, (31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)),
    ],
)  # fmt: skip
def test_gamma_and_chromaticities_of_srgb_and_invalid_ones_change_nothing(gamma, values):
    assert of_chromaticities(gamma, values) is None


CHUNKS = {
    "cICP": (b"cICP", bytes([12, 13, 0, 1])),
    "unknown cICP": (b"cICP", bytes([2, 2, 0, 1])),
    "YCbCr cICP": (b"cICP", bytes([12, 13, 1, 1])),
    "short cICP": (b"cICP", bytes([12, 13, 0])),
    "iCCP": (b"iCCP", b"k\0\0" + zlib.compress(pictures.adobe_rgb())),
    "sRGB": (b"sRGB", b"\0"),
    "gAMA": (b"gAMA", struct.pack(">I", 100_000)),
}
RED = (200, 60, 60)


def pixel_of(*names):
    body = pictures.png(image=Image.new("RGB", (4, 4), RED))
    chunks = b"".join(pictures.png_chunk(*CHUNKS[name]) for name in names)
    return decode(inspect(body[:33] + chunks + body[33:], LIMITS), LIMITS).picture.frames[0].getpixel((1, 1))


def test_the_chunks_of_a_png_count_in_the_order_of_the_specification():
    by_code, by_profile, by_gamma = pixel_of("cICP"), pixel_of("iCCP"), pixel_of("gAMA")

    assert len({by_code, by_profile, by_gamma, RED}) == 4
    assert pixel_of("gAMA", "sRGB", "iCCP", "cICP") == by_code
    assert pixel_of("gAMA", "sRGB", "iCCP") == by_profile
    assert pixel_of("gAMA", "sRGB") == RED
    for ignored in ("unknown cICP", "YCbCr cICP", "short cICP"):
        assert pixel_of("gAMA", ignored) == by_gamma


def test_narrow_levels_are_widened():
    levels = np.array([[16.0, 16, 16], [235, 235, 235], [0, 126, 255]])

    assert shown(levels, Colorimetry(full_range=False)).tolist() == [[0, 0, 0], [255, 255, 255], [0, 128, 255]]
