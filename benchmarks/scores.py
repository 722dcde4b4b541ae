"""The similarity of a variant to its original: SSIMULACRA2 against Lanczos in linear light."""

from pathlib import Path

import pyvips
from ssimulacra2 import compute_ssimulacra2

pyvips.cache_set_max(0)  # the cache uses file names, and these files change


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
    pyvips.Image.new_from_file(str(encoded)).colourspace("srgb").write_to_file(str(decoded))
    try:
        return float(compute_ssimulacra2(str(reference_path), str(decoded)))
    finally:
        decoded.unlink()
