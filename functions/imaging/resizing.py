"""Scaling, cropping and padding of decoded pictures.

The filter is Lanczos, or bicubic for slight changes. Pillow premultiplies alpha when it resizes RGBA, so transparent
pixels add no colour to adjacent ones; it resamples gamma-encoded sRGB, like every peer by default.
"""

from typing import Final

from PIL import Image

from functions.imaging.geometry import Placement

REDUCING_GAP: Final = 3.0
"""Pillow first reduces by a whole factor that leaves at least this factor for the filter; its documentation says that
3.0 is nearly equal to the filter alone (Image.resize)."""

SLIGHTLY: Final = 0.9
"""From this factor a whole picture is scaled by a bicubic filter, in two thirds of the time of Lanczos. A phone's
12 megapixels are scaled by 0.95 to be stored; variants of these score at most 0.2 SSIMULACRA2 less."""

COLORS: Final = {
    "black": (0, 0, 0, 255),
    "gray": (128, 128, 128, 255),
    "transparent": (0, 0, 0, 0),
    "white": (255, 255, 255, 255),
}
"""The backgrounds of shared/variant.py as RGBA."""


def resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the whole image at ``size`` px."""
    if image.size == size:
        return image
    slightly = all(new >= SLIGHTLY * old for new, old in zip(size, image.size, strict=True))
    kernel = Image.Resampling.BICUBIC if slightly else Image.Resampling.LANCZOS
    return image.resize(size, kernel, reducing_gap=REDUCING_GAP)


def placed(image: Image.Image, placement: Placement, background: str) -> Image.Image:
    """Return the image cropped, scaled and padded; ``background``, a key of COLORS, fills the padding."""
    box = placement.crop
    if placement.size != image.size or box != (0.0, 0.0, *map(float, image.size)):
        image = image.resize(placement.size, Image.Resampling.LANCZOS, box=box, reducing_gap=REDUCING_GAP)
    if placement.canvas == placement.size:
        return image
    color = COLORS[background]
    mode = "RGB" if image.mode == "RGB" and color[3] == 255 else "RGBA"
    canvas = Image.new(mode, placement.canvas, color if mode == "RGBA" else color[:3])
    canvas.paste(image, placement.offset)
    return canvas


def flattened(image: Image.Image, background: str) -> Image.Image:
    """Return the image without alpha on ``background``, a key of COLORS; on white if that is transparent."""
    if image.mode != "RGBA":
        return image
    canvas = Image.new("RGBA", image.size, COLORS["white" if background == "transparent" else background])
    canvas.alpha_composite(image)
    return canvas.convert("RGB")


def cleared(image: Image.Image) -> Image.Image:
    """Return the image with black as the colour of fully transparent pixels."""
    if image.mode != "RGBA":
        return image
    canvas = Image.new("RGBA", image.size, COLORS["transparent"])
    canvas.paste(image, mask=image.getchannel("A").point([0] + [255] * 255))
    return canvas
