"""Encoder quality for ``quality=auto``: predicted per picture and output format from four complexity features.

A polynomial of them gives the quality at which SSIMULACRA2 scores ``TARGET_SCORE``; `python -m benchmarks.quality` fits
it and reports its error (docs/adr/0018). PNG and GIF have no quality.
"""

from dataclasses import astuple, dataclass
from itertools import combinations_with_replacement
from math import log2, prod
from typing import Final

from PIL import Image, ImageChops, ImageMath, ImageStat

from functions.imaging.codecs import open_image
from functions.imaging.encoding import encode_fast_jpeg
from functions.imaging.flatness import is_flat
from functions.imaging.resizing import flattened, resized

TARGET_SCORE: Final = 70
"""High quality on SSIMULACRA2's scale: the loss is visible only beside the original."""

PROBE_WIDTH_PX: Final = 480
FINE_QUALITY: Final = 90
COARSE_QUALITY: Final = 50
BLOCK_PX: Final = 8
"""Side of the blocks of JPEG, and of those whose variance is measured."""


@dataclass(frozen=True)
class ComplexityFeatures:
    """Four measures of a picture, each a binary logarithm.

    ``bits``: bits per pixel of a fine JPEG. ``texture``: its size divided by that of a coarse one. ``activity``:
    variance of luma, the mean over blocks. ``color_loss``: mean squared error of chroma in the coarse JPEG.
    """

    bits: float
    texture: float
    activity: float
    color_loss: float

    @property
    def terms(self) -> tuple[float, ...]:
        """The terms of a polynomial of second degree: 1, the measures, and the products of any two of them."""
        measures = astuple(self)
        return (1.0, *measures, *map(prod, combinations_with_replacement(measures, 2)))


@dataclass(frozen=True)
class QualityModel:
    """The weights of ``ComplexityFeatures.terms``, and the bounds of the predicted quality."""

    weights: tuple[float, ...]
    lowest: int
    highest: int

    def quality_for(self, detail: ComplexityFeatures) -> int:
        """Return the encoder quality, 1 to 100."""
        predicted = sum(weight * term for weight, term in zip(self.weights, detail.terms, strict=True))
        return round(min(max(predicted, self.lowest), self.highest))


MODELS: Final = {
    "jpeg": QualityModel(
        (74.731, 7.839, -1.589, -6.31, 1.119, 3.536, 6.882, 0.628, 0.233, 0.821, -0.509, 0.197, -0.039, -0.364, -0.17),
        lowest=60,
        highest=88,
    ),
    "webp": QualityModel(
        (
            68.524,
            -4.563,
            14.166,
            -6.423,
            -2.627,
            -0.638,
            13.52,
            0.014,
            0.306,
            -4.76,
            2.22,
            0.824,
            -0.04,
            -0.173,
            -0.306,
        ),
        lowest=60,
        highest=89,
    ),
    "avif": QualityModel(
        (
            59.717,
            5.386,
            -4.845,
            -3.579,
            0.653,
            2.681,
            5.804,
            0.002,
            0.954,
            2.067,
            -0.248,
            -0.687,
            -0.051,
            -0.316,
            -0.135,
        ),
        lowest=45,
        highest=72,
    ),
}
"""Printed by `python -m benchmarks.quality`. The upper bounds are the highest qualities in its set of pictures, and
below 89 the chroma of JPEG is subsampled (encoding.py). Below the lower bounds faint edges become steps, which the
score does not measure (docs/adr/0018)."""


def predicted_quality(detail: ComplexityFeatures) -> dict[str, int]:
    """Return the encoder quality per output format for ``quality=auto``."""
    return {image_format: model.quality_for(detail) for image_format, model in MODELS.items()}


def complexity_features(image: Image.Image) -> ComplexityFeatures:
    """Measure an RGB or RGBA image, at most ``PROBE_WIDTH_PX`` wide and on white. Takes about 6 ms."""
    width = min(image.width, PROBE_WIDTH_PX)
    probe = flattened(resized(image, (width, max(1, round(image.height * width / image.width)))), "white")
    fine = encode_fast_jpeg(probe, FINE_QUALITY, full_chroma=True)
    coarse = encode_fast_jpeg(probe, COARSE_QUALITY, full_chroma=is_flat(probe))
    return ComplexityFeatures(
        bits=log2(len(fine) * 8 / (probe.width * probe.height)),
        texture=log2(len(fine) / len(coarse)),
        activity=_activity(probe.convert("L")),
        color_loss=_color_loss(probe, coarse),
    )


def _activity(luma: Image.Image) -> float:
    values = luma.convert("F")
    squares = ImageMath.lambda_eval(lambda names: names["values"] * names["values"], values=values)
    means, means_of_squares = (each.reduce(BLOCK_PX).get_flattened_data() for each in (values, squares))
    variances = [max(0.0, square - mean * mean) for mean, square in zip(means, means_of_squares, strict=True)]
    return sum(log2(variance + 1) for variance in variances) / len(variances)


def _color_loss(probe: Image.Image, coarse: bytes) -> float:
    with open_image(coarse, "JPEG") as lossy:
        difference = ImageChops.difference(probe.convert("YCbCr"), lossy.convert("YCbCr"))
    _, blue, red = (square / (probe.width * probe.height) for square in ImageStat.Stat(difference).sum2)
    return log2(blue + red + 0.1)
