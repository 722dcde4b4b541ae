"""How near to the original a variant is: SSIMULACRA2 against a Lanczos in linear light; blurs against Gaussians."""

from pathlib import Path

import numpy as np
import pyvips
from scipy import ndimage
from ssimulacra2 import compute_ssimulacra2

pyvips.cache_set_max(0)  # it goes by file names, and these files change


def reference(original: Path, width: int, path: Path) -> Path:
    """Write the original scaled to ``width`` by Lanczos in linear light, without shrinking first, as PNG."""
    image = pyvips.Image.new_from_file(str(original)).colourspace("scrgb")
    scale = width / image.width
    height = round(image.height * scale)
    small = image.resize(scale, vscale=height / image.height, kernel="lanczos3", gap=0)
    small.colourspace("srgb").cast("uchar").write_to_file(str(path))
    return path


def score(reference_path: Path, encoded: Path) -> float:
    """Return SSIMULACRA2 from 100 (the same) downwards; above 90 nobody sees a difference, 70 is high quality."""
    decoded = encoded.with_suffix(".png")
    pyvips.Image.new_from_file(str(encoded)).colourspace("srgb").write_to_file(str(decoded))
    try:
        return float(compute_ssimulacra2(str(reference_path), str(decoded)))
    finally:
        decoded.unlink()


def blur_error(sharp: bytes, blurred: bytes, width: int, height: int, sigma: float) -> float:
    """Return the mean difference, of 255, from a Gaussian in floating point that ends at three sigma (green alone)."""
    before, after = (
        np.frombuffer(raw, np.uint8).reshape(height, width, 3)[..., 1].astype(np.float32) for raw in (sharp, blurred)
    )
    exact = ndimage.gaussian_filter(before, sigma, mode="nearest", truncate=3.0)
    return float(np.abs(exact - after).mean())
