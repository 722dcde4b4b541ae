"""What Rekognition is shown: a JPEG that it always takes, or several frames of an animation.

It takes 80 to 10,000 px a side and 5 MB inline. Transparent pixels are laid on middle grey, on which neither black nor
white drawings vanish.
"""

from typing import Final

from PIL import Image

from functions.imaging.encoding import CONTENT_TYPES, encode
from functions.imaging.picture import DecodedPicture
from functions.imaging.renditions import EncodedFile, ScaledCopies
from functions.imaging.resizing import flattened, resized

SHORTEST_SIDE_PX: Final = 128
LONGEST_SIDE_PX: Final = 2048
MAX_BYTES: Final = 5_000_000
SAMPLED_FRAMES: Final = 8

QUALITY_STEPS: Final = (90, 75, 50, 25)
"""JPEG qualities in the order in which they are tried; at 2048 x 2048 px noise at 90 has 4 MB."""

BACKGROUND: Final = "gray"
_GREY: Final = (128, 128, 128)


def moderation_proxies(picture: DecodedPicture, copies: ScaledCopies) -> tuple[EncodedFile, ...]:
    """Return what to moderate of a picture: one of its ``copies``, or frames spread over the whole animation."""
    if picture.animated:
        count = len(picture.frames)
        samples = min(count, SAMPLED_FRAMES)
        chosen = tuple(picture.frames[round(index * (count - 1) / (samples - 1))] for index in range(samples))
    else:
        width, longest = picture.size[0], max(picture.size)
        chosen = copies.at(max(1, width * LONGEST_SIDE_PX // longest)).frames  # rounded down: nor is it higher
    return tuple(_proxy(frame, f"proxy-{index}.jpg") for index, frame in enumerate(chosen))


def _proxy(frame: Image.Image, name: str) -> EncodedFile:
    image = _padded(_fitted(flattened(frame, BACKGROUND)))
    for quality in QUALITY_STEPS:
        body = encode(DecodedPicture((image,)), "jpeg", quality)
        if len(body) <= MAX_BYTES:
            break
    return EncodedFile(name, body, *image.size, CONTENT_TYPES["jpeg"])


def _fitted(image: Image.Image) -> Image.Image:
    """Scale to at most the longest side; a picture smaller than the shortest side is enlarged to be seen at all."""
    longest = max(image.size)
    wanted = min(max(longest, SHORTEST_SIDE_PX), LONGEST_SIDE_PX)
    factor = wanted / longest
    return resized(image, (max(1, round(image.width * factor)), max(1, round(image.height * factor))))


def _padded(image: Image.Image) -> Image.Image:
    size = (max(image.width, SHORTEST_SIDE_PX), max(image.height, SHORTEST_SIDE_PX))
    if size == image.size:
        return image
    canvas = Image.new("RGB", size, _GREY)
    canvas.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
    return canvas
