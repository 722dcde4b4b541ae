"""Encodes the moderation views of a picture as JPEG files that Rekognition always accepts.

It accepts sides of 80 to 10,000 px and 5 MB inline. views.py chooses the views, and renderings.py renders them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from PIL import Image

from functions.imaging.encoding import CONTENT_TYPES, encode
from functions.imaging.picture import DecodedPicture
from functions.imaging.renderings import LONGEST_SIDE_PX, FrameRenderer
from functions.imaging.renditions import EncodedFile
from functions.imaging.resizing import resized
from functions.imaging.views import FrameView
from functions.shared.contracts import Rendering

SHORTEST_SIDE_PX: Final = 128
MAX_BYTES: Final = 5_000_000

QUALITY_STEPS: Final = (90, 75, 50, 25)
"""JPEG qualities in the order in which they are tried; noise of 2048 x 2048 px has 4 MB at 90."""

_GREY: Final = (128, 128, 128)


@dataclass(frozen=True)
class EncodedView:
    """The file of a view, the index of the stored frame, and the kind of its rendering."""

    file: EncodedFile
    frame: int
    rendering: Rendering


def moderation_proxies(picture: DecodedPicture, views: Iterable[FrameView]) -> Iterator[EncodedView]:
    """Yield the views of a stored picture."""
    number = 0
    for frame, renderings in groupby(views, key=lambda view: view.frame):
        renderer = FrameRenderer(picture.frames[frame])
        for rendering in (view.rendering for view in renderings):
            yield EncodedView(_proxy(renderer.render(rendering), f"proxy-{number}.jpg"), frame, rendering.kind)
            number += 1


def _proxy(view: Image.Image, name: str) -> EncodedFile:
    image = _padded(_fitted(view))
    for quality in QUALITY_STEPS:
        body = encode(DecodedPicture((image,)), "jpeg", quality)
        if len(body) <= MAX_BYTES:
            break
    return EncodedFile(name, body, *image.size, CONTENT_TYPES["jpeg"])


def _fitted(image: Image.Image) -> Image.Image:
    """Scale to at most the longest side; a picture smaller than the shortest side is enlarged."""
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
