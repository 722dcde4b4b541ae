"""The similarity of a variant to its original: SSIMULACRA2 against Lanczos in linear light."""

from pathlib import Path

import cv2
import numpy as np
import pyvips
from ssimulacra2 import compute_ssimulacra2
from ssimulacra2 import ssimulacra2 as library

pyvips.cache_set_max(0)  # the cache uses file names, and these files change
cv2.setNumThreads(1)

TRUNCATED = 3.33
"""Standard deviations after which the package ends the filter's kernel."""


def _blurred(image: np.ndarray, sigma: float = 1.5) -> np.ndarray:
    padding = round(3.2795 * sigma + 0.2546)  # the package pads with zeros above and below
    padded = cv2.copyMakeBorder(image, padding, padding, 0, 0, cv2.BORDER_CONSTANT, value=0)
    side = 2 * int(TRUNCATED * sigma + 0.5) + 1
    blurred = cv2.GaussianBlur(padded, (side, side), sigma, sigma, borderType=cv2.BORDER_REFLECT)
    return blurred[padding:-padding].reshape(image.shape)


_LINEAR = library.srgb_to_linear(np.arange(256.0))
library.blur_image = _blurred
library.srgb_to_linear = lambda levels: _LINEAR[levels.astype(np.uint8)]
"""The package takes most of its time for these two functions. The replacements have the same results."""


def reference(original: Path, width: int, path: Path) -> Path:
    """Write the original scaled to ``width`` by Lanczos in linear light, without shrinking first, as PNG."""
    image = pyvips.Image.new_from_file(str(original)).colourspace("scrgb")
    scale = width / image.width
    height = round(image.height * scale)
    small = image.resize(scale, vscale=height / image.height, kernel="lanczos3", gap=0)
    small.colourspace("srgb").cast("uchar").write_to_file(str(path))
    return path


def score(reference_path: Path, encoded: Path) -> float:
    """Return SSIMULACRA2, at most 100 (identical); above 90 there is no visible difference, 70 is high quality."""
    decoded = encoded.with_suffix(".png")
    pyvips.Image.new_from_file(str(encoded)).colourspace("srgb").write_to_file(str(decoded), compression=0)
    try:
        return float(compute_ssimulacra2(str(reference_path), str(decoded)))
    finally:
        decoded.unlink()
