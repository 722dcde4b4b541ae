"""The files that are stored of a picture: its master, and renditions at the widths that are asked for most.

The one list of widths is here. Serving starts from the smallest file that suffices, so a rung at exactly the width that
is asked for costs one decode and no resize. Baseline JPEG 4:4:4 decodes 2.5 to 4.7 times faster than WebP, AVIF, PNG or
progressive JPEG; transparency goes into lossless WebP, animations into animated WebP.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from functions.imaging.encoding import CONTENT_TYPES, encode, encode_lossless_webp
from functions.imaging.picture import DecodedPicture
from functions.imaging.resizing import resized
from functions.shared.variant import LADDER

NARROWEST_RUNG_PX: Final = 200
WIDEST_RUNG_PX: Final = 2560

RUNG_WIDTHS: Final = tuple(step for step in LADDER if NARROWEST_RUNG_PX <= step <= WIDEST_RUNG_PX)
"""Widths in px, narrowest first; none is wider than its master. They are the steps that requested widths snap to:
decoding and scaling then take 5 ms on average where six widths take 21 (docs/adr/0007)."""

TRANSPARENT_RUNG_WIDTHS: Final = (320, 640, 828, 1280, 1920, 2560)
"""The same for transparent pictures: lossless WebP costs ten times what JPEG does, to make and to keep."""

ANIMATION_RUNG_WIDTHS: Final = (320, 640, 1280)
"""The same for animations, where each rung costs as much to encode as all its frames."""

MASTER_QUALITY: Final = 92
"""JPEG quality of the master: it is always scaled, so its artefacts average out."""

RUNG_QUALITY: Final = 95
"""JPEG quality of a rung: it is also used as it is, and encoded again."""

ANIMATION_QUALITY: Final = 90
"""WebP quality of animations."""

CHAIN_FACTOR: Final = 2
"""A rung is scaled from one that is at least this much wider; from nearer ones quality shows (960 to 800 px scores 91,
1280 to 800 px 94)."""

_EXTENSIONS: Final = {"jpeg": "jpg", "webp": "webp"}


@dataclass(frozen=True)
class EncodedFile:
    """One file to store: ``name`` below the revision's prefix, its bytes, and its size in px."""

    name: str
    body: bytes
    width: int
    height: int
    content_type: str


class ReduceChain:
    """Smaller copies of one picture, each scaled from the smallest earlier one that is wide enough."""

    def __init__(self, picture: DecodedPicture) -> None:
        self._made = [picture]

    def at(self, width: int) -> DecodedPicture:
        """Return the picture ``width`` px wide, at most as wide as it is."""
        widest = self._made[0]
        if width >= widest.size[0]:
            return widest
        source = min(
            (made for made in self._made if made.size[0] >= width * CHAIN_FACTOR or made is widest),
            key=lambda made: made.size[0],
        )
        size = (width, max(1, round(widest.size[1] * width / widest.size[0])))
        smaller = source.mapped(lambda frame: resized(frame, size))
        # Narrower ones never need more than this source; what is wider and not the whole would only take memory.
        self._made = [made for made in self._made if made is widest or made.size[0] <= source.size[0]]
        self._made.append(smaller)
        return smaller


def rung_widths(picture: DecodedPicture) -> tuple[int, ...]:
    """Return the widths at which a picture is stored beside its master, narrowest first."""
    widths = RUNG_WIDTHS
    if picture.animated:
        widths = ANIMATION_RUNG_WIDTHS
    elif picture.has_alpha:
        widths = TRANSPARENT_RUNG_WIDTHS
    return tuple(width for width in widths if width < picture.size[0])


def encoded_master(picture: DecodedPicture) -> EncodedFile:
    """Return the master: the whole picture in the size in which it came."""
    return _stored(picture, "master", MASTER_QUALITY)


def encoded_rungs(chain: ReduceChain, widths: Iterable[int]) -> Iterator[EncodedFile]:
    """Yield the renditions at these widths, widest first, so that each can serve the next as its source."""
    for width in sorted(widths, reverse=True):
        yield _stored(chain.at(width), f"w{width}", RUNG_QUALITY)


def _stored(picture: DecodedPicture, stem: str, jpeg_quality: int) -> EncodedFile:
    image_format = "webp" if picture.animated or picture.has_alpha else "jpeg"
    if picture.animated:
        body = encode(picture, image_format, ANIMATION_QUALITY)
    elif picture.has_alpha:
        body = encode_lossless_webp(picture.frames[0], picture.rights)
    else:
        body = encode(picture, image_format, jpeg_quality)
    name = f"{stem}.{_EXTENSIONS[image_format]}"
    return EncodedFile(name, body, *picture.size, CONTENT_TYPES[image_format])
