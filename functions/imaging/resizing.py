"""Scaling, cropping and padding of decoded pictures.

Lanczos throughout. Pillow premultiplies alpha by itself when it resizes RGBA, so transparent pixels lend no
colour to their neighbours; it resamples in gamma-encoded sRGB, as every peer does by default.
"""

from typing import Final

from PIL import Image, ImageColor

from functions.imaging.geometry import Placement

REDUCING_GAP: Final = 3.0
"""Reduce by whole factors first while the rest is at least this factor: Pillow documents 3.0 as nearly equal to a
full resample in quality (Image.resize)."""

_OPAQUE_WHITE: Final = (255, 255, 255, 255)


def resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the whole image at ``size`` px."""
    if image.size == size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=REDUCING_GAP)


def placed(image: Image.Image, placement: Placement, background: str) -> Image.Image:
    """Return the image cropped, scaled and padded as planned; ``background`` fills what padding adds."""
    box = placement.crop
    if placement.size != image.size or box != (0.0, 0.0, *map(float, image.size)):
        image = image.resize(placement.size, Image.Resampling.LANCZOS, box=box, reducing_gap=REDUCING_GAP)
    if placement.canvas == placement.size:
        return image
    color = color_of(background)
    mode = "RGB" if image.mode == "RGB" and color[3] == 255 else "RGBA"
    canvas = Image.new(mode, placement.canvas, color if mode == "RGBA" else color[:3])
    canvas.paste(image, placement.offset)
    return canvas


def flattened(image: Image.Image, background: str) -> Image.Image:
    """Return the image without alpha, laid on ``background``; on white where that is transparent itself."""
    if image.mode != "RGBA":
        return image
    color = color_of(background)
    canvas = Image.new("RGBA", image.size, color if color[3] == 255 else _OPAQUE_WHITE)
    canvas.alpha_composite(image)
    return canvas.convert("RGB")


def color_of(background: str) -> tuple[int, int, int, int]:
    """Return ``transparent``, a CSS colour name or ``rrggbb`` as RGBA. Raises ValueError for anything else."""
    if background == "transparent":
        return (0, 0, 0, 0)
    is_hex = len(background) == 6 and all(digit in "0123456789abcdefABCDEF" for digit in background)
    color = ImageColor.getcolor(f"#{background}" if is_hex else background, "RGBA")
    return (int(color[0]), int(color[1]), int(color[2]), int(color[3]))  # type: ignore[index]
