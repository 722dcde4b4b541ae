"""The possible displays of a served file: unchanged, over any background of the grammar, and without its alpha."""

from collections.abc import Iterator
from io import BytesIO

import numpy as np
from PIL import Image, ImageSequence

BACKGROUNDS = {"white": (255, 255, 255), "black": (0, 0, 0), "gray": (128, 128, 128)}


def frames_of(body: bytes) -> list[Image.Image]:
    """Return every frame of a file as RGB or RGBA."""
    with Image.open(BytesIO(body)) as image:
        return [
            frame.convert("RGBA" if frame.has_transparency_data else "RGB") for frame in ImageSequence.Iterator(image)
        ]


def over(frame: Image.Image, background: str) -> Image.Image:
    """Return a frame as a page of this background shows it."""
    if frame.mode != "RGBA":
        return frame.convert("RGB")
    canvas = Image.new("RGBA", frame.size, (*BACKGROUNDS[background], 255))
    canvas.alpha_composite(frame)
    return canvas.convert("RGB")


def colors(frame: Image.Image, nothing: int = 0) -> Image.Image:
    """Return a frame's colours as a viewer that drops alpha shows them; grey where alpha is at most ``nothing``."""
    pixels = np.asarray(frame.convert("RGBA")).copy()
    pixels[pixels[..., 3] <= nothing, :3] = 128
    return Image.fromarray(pixels[..., :3])


def renderings_of(frame: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    """Yield every possible display of one frame: its name and its pixels."""
    for background in BACKGROUNDS:
        yield f"over {background}", over(frame, background)
    if frame.mode == "RGBA":
        yield "colors", colors(frame)
