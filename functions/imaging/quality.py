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
        (76.641, 7.513, 3.493, -7.948, 0.424, 3.793, 9.023, 0.966, 0.308, -1.003, -0.481, 0.284, -0.061, -0.336, -0.26),
        lowest=60,
        highest=88,
    ),
    "webp": QualityModel(
        (
            69.726,
            -3.504,
            16.667,
            -7.261,
            -3.162,
            -1.498,
            14.515,
            0.481,
            -0.172,
            -5.168,
            1.531,
            0.998,
            -0.013,
            0.037,
            -0.324,
        ),
        lowest=60,
        highest=89,
    ),
    "avif": QualityModel(
        (
            60.491,
            6.023,
            -8.152,
            -3.323,
            0.596,
            2.772,
            4.768,
            0.268,
            0.587,
            3.509,
            -0.889,
            -0.58,
            -0.044,
            -0.187,
            -0.105,
        ),
        lowest=45,
        highest=71,
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
