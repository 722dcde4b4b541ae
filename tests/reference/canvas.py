"""What a viewer shows of one frame, and how two such pictures are compared."""

from dataclasses import dataclass

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Shown:
    """RGBA of the whole canvas, and how long it is shown in ms."""

    pixels: np.ndarray
    duration_ms: int


def difference(frame: Image.Image, expected: np.ndarray) -> int:
    """Return the largest difference of any channel; the colour of transparent pixels does not count."""
    found = np.asarray(frame.convert("RGBA")).astype(int)
    assert found.shape == expected.shape
    alpha = np.abs(found[..., 3] - expected[..., 3]).max()
    seen = np.minimum(found[..., 3], expected[..., 3]) > 0
    colors = np.abs(found[..., :3] - expected[..., :3].astype(int))[seen]
    return int(max(alpha, colors.max() if colors.size else 0))


def drawn_over(below: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Return RGBA drawn over RGBA, neither premultiplied (PNG, 3rd edition, 13.16)."""
    top, bottom = above.astype(float) / 255, below.astype(float) / 255
    alpha = top[..., 3:] + bottom[..., 3:] * (1 - top[..., 3:])
    colors = top[..., :3] * top[..., 3:] + bottom[..., :3] * bottom[..., 3:] * (1 - top[..., 3:])
    with np.errstate(invalid="ignore", divide="ignore"):
        colors = np.where(alpha > 0, colors / alpha, 0)
    return np.rint(np.concatenate([colors, alpha], axis=-1) * 255).astype(np.uint8)
