"""The files that are stored of a picture: its master, and renditions at the widths that are asked for most.

The one list of widths is here. Serving starts from the smallest file that suffices, so a rung at exactly the width that
is asked for costs one decode and no resize. Baseline JPEG 4:4:4 decodes 2.5 to 4.7 times faster than WebP, AVIF, PNG or
progressive JPEG; transparency goes into lossless WebP, animations into animated WebP. What is flat (flatness.py) is
kept without loss: text as JPEG takes five times the bytes and scores 5 SSIMULACRA2 points less when encoded again.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Final, Protocol

from functions.imaging.encoding import (
    CONTENT_TYPES,
    encode,
    encode_lossless_webp,
    encode_lossless_webp_animation,
)
from functions.imaging.limits import MAX_ANIMATION_BYTES, MAX_STILL_BYTES
from functions.imaging.picture import DecodedPicture
from functions.imaging.resizing import resized
from functions.imaging.sampling import Sample
from functions.shared.variant import LADDER

NARROWEST_RENDITION_PX: Final = 200
WIDEST_RENDITION_PX: Final = 2560

RENDITION_WIDTHS: Final = tuple(step for step in LADDER if NARROWEST_RENDITION_PX <= step <= WIDEST_RENDITION_PX)
"""Widths in px, narrowest first; none is wider than its master. They are the steps that requested widths snap to:
decoding and scaling then take 5 ms on average where six widths take 21 (docs/adr/0007)."""

TRANSPARENT_RENDITION_WIDTHS: Final = (320, 640, 828, 1280, 1920, 2560)
"""The same for transparent pictures: lossless WebP costs ten times what JPEG does, to make and to keep."""

ANIMATION_RENDITION_WIDTHS: Final = (320, 640, 1280)
"""The same for animations, where each rung costs as much to encode as all its frames."""

MASTER_QUALITY: Final = 92
"""JPEG quality of the master: it is nearly always scaled, so its artefacts average out."""

RENDITION_QUALITY: Final = 94
"""JPEG quality of a rung: it is also used as it is, and encoded again. Its variants score as those of one of 95, which
is a tenth larger and slower to decode; 93 costs WebP variants 0.3 of SSIMULACRA2."""

ANIMATION_QUALITY: Final = 90
"""WebP quality of animations."""

LOWER_QUALITIES: Final = (80, 60)
"""JPEG and WebP qualities that are tried in turn where a file would exceed its bound in bytes (limits.py)."""

SHRINK: Final = 0.9
"""Factor of both sides, at most, where a master exceeds its bound at every quality."""

SHRINK_MARGIN: Final = 0.95
"""What is taken off the sides beyond what bytes in proportion to pixels ask for: noise has more of them when scaled."""

SAMPLED_FROM_PX: Final = 4_000_000
"""Pixels of all frames from which a sample is encoded first, of what takes long: lossless files, animations, alpha."""

LOSSLESS_EXCESS: Final = 1.3
LOSSY_EXCESS: Final = 0.9
ANIMATION_EXCESS: Final = 2.0
"""What a sample may predict at most, in bounds, for an encoding to be tried. Samples predict too much of flat pictures,
which are stored without loss, and of animations in which little moves; too little of noise as lossy WebP."""

SOURCE_WIDTHS: Final = (2560, 1600, 960, 480)
"""Widths in px from which narrower copies are scaled, whichever are asked for: every copy scores 93.8 or more
(SSIMULACRA2) against one scaled from the original. Scaling each from the narrowest earlier one that is twice as wide
scores 95 and takes 1.6 to 2.2 times as long; from 1.25 times as wide 92, at 0.8 times the cost (docs/adr/0007)."""

TRANSPARENT_SOURCE_WIDTHS: Final = (2560, 1280, 640)
ANIMATION_SOURCE_WIDTHS: Final = (1280, 640)
"""The same for transparent pictures and for animations, out of the widths that they are stored at anyway."""

SOURCE_MARGIN: Final = 1.25
"""A source is at least this many times wider than what is scaled from it: below, quality shows."""

_EXTENSIONS: Final = {"jpeg": "jpg", "webp": "webp"}


@dataclass(frozen=True)
class EncodedFile:
    """One file to store: ``name`` below the revision's prefix, its bytes, its size in px, and its frames."""

    name: str
    body: bytes
    width: int
    height: int
    content_type: str
    frames: int = 1


class ScaledCopies(Protocol):
    """Smaller copies of one picture; asking for the widest first costs least."""

    def at(self, width: int) -> DecodedPicture:
        """Return the picture ``width`` px wide, at most as wide as it is."""


class ReduceChain:
    """Smaller copies of one picture, each scaled from the narrowest source that suffices."""

    def __init__(self, picture: DecodedPicture) -> None:
        self._whole = picture
        self._source_widths = _for_kind(
            picture, SOURCE_WIDTHS, transparent=TRANSPARENT_SOURCE_WIDTHS, animation=ANIMATION_SOURCE_WIDTHS
        )
        self._kept: dict[int, DecodedPicture] = {}

    def at(self, width: int) -> DecodedPicture:
        """Return the picture ``width`` px wide, at most as wide as it is."""
        whole = self._whole.size
        if width >= whole[0]:
            return self._whole
        if width in self._kept:
            return self._kept[width]
        wider = self.source_width(width)
        source = self.at(wider)
        size = (width, max(1, round(whole[1] * width / whole[0])))
        smaller = source.mapped(lambda frame: resized(frame, size))
        # Narrower ones never need more than this source; anything else but the latest would only take memory.
        sources = {each: made for each, made in self._kept.items() if each in self._source_widths and each <= wider}
        self._kept = sources | {width: smaller}
        return smaller

    def source_width(self, width: int) -> int:
        """Return the width in px of what a copy of this width is scaled from: a source's, or the whole picture's."""
        whole = self._whole.size[0]
        suffices = (each for each in self._source_widths if width * SOURCE_MARGIN <= each <= whole / SOURCE_MARGIN)
        return min(suffices, default=whole)


def rendition_widths(picture: DecodedPicture) -> tuple[int, ...]:
    """Return the widths at which a picture is stored beside its master, narrowest first."""
    widths = _for_kind(
        picture, RENDITION_WIDTHS, transparent=TRANSPARENT_RENDITION_WIDTHS, animation=ANIMATION_RENDITION_WIDTHS
    )
    return tuple(width for width in widths if width < picture.size[0])


def encoded_master(picture: DecodedPicture) -> tuple[EncodedFile, DecodedPicture]:
    """Return the master and the picture in it: with fewer pixels than the given one if no file of that is in bounds."""
    while True:
        attempt = _Attempt(picture)
        if file := attempt.stored("master", MASTER_QUALITY):
            return file, picture
        factor = min(SHRINK, (attempt.limit / attempt.smallest) ** 0.5 * SHRINK_MARGIN)
        size = (max(1, int(picture.size[0] * factor)), max(1, int(picture.size[1] * factor)))
        picture = picture.mapped(partial(resized, size=size))


def encoded_renditions(copies: ScaledCopies, widths: Iterable[int]) -> Iterator[EncodedFile]:
    """Yield the renditions at these widths that are in bounds, widest first."""
    for width in sorted(widths, reverse=True):
        if file := _Attempt(copies.at(width)).stored(f"w{width}", RENDITION_QUALITY):
            yield file


def _for_kind(
    picture: DecodedPicture, photo: tuple[int, ...], *, transparent: tuple[int, ...], animation: tuple[int, ...]
) -> tuple[int, ...]:
    if picture.animated:
        return animation
    return transparent if picture.has_alpha else photo


class _Attempt:
    """Encodes one picture in one way after another until the file is in bounds.

    What a sample calls far too large is not tried: 3840 x 3840 px of noise with alpha take seconds in each way.
    """

    def __init__(self, picture: DecodedPicture) -> None:
        self._picture = picture
        self.limit = MAX_ANIMATION_BYTES if picture.animated else MAX_STILL_BYTES
        self.smallest: float = inf
        """Bytes of the smallest file, made or predicted."""

    def stored(self, stem: str, jpeg_quality: int) -> EncodedFile | None:
        """Return the first file of ``_ways`` that is in bounds; None where there is none."""
        slow = self._picture.animated or self._picture.has_alpha or self._picture.flat
        sample = Sample.of(self._picture) if slow and self._picture.pixels > SAMPLED_FROM_PX else None
        measured: float | None = None
        for way in _ways(self._picture, jpeg_quality):
            predicted = sample.predicted_bytes(way.encoded) if sample else 0
            excess = measured or way.excess
            if predicted > self.limit * excess:
                self.smallest = min(self.smallest, predicted / excess)
                continue
            body = way.encoded(self._picture)
            if len(body) <= self.limit:
                name = f"{stem}.{_EXTENSIONS[way.image_format]}"
                content_type, frames = CONTENT_TYPES[way.image_format], len(self._picture.frames)
                return EncodedFile(name, body, *self._picture.size, content_type, frames)
            self.smallest = min(self.smallest, len(body))
            if sample:
                measured = predicted / len(body)  # from now on predictions are as good as that
        return None


@dataclass(frozen=True)
class _Way:
    """One way to store a picture: the format, what encodes it, and what may be predicted of it for it to be tried."""

    image_format: str
    encoded: Callable[[DecodedPicture], bytes]
    excess: float


def _ways(picture: DecodedPicture, jpeg_quality: int) -> Iterator[_Way]:
    """Yield how to store a picture, best first."""
    if picture.animated:
        if picture.flat:
            yield _Way("webp", encode_lossless_webp_animation, ANIMATION_EXCESS)
        for quality in (ANIMATION_QUALITY, *LOWER_QUALITIES):
            yield _Way("webp", partial(encode, image_format="webp", quality=quality), ANIMATION_EXCESS)
        return
    if picture.has_alpha or picture.flat:
        yield _Way("webp", lambda each: encode_lossless_webp(each.frames[0], each.rights), LOSSLESS_EXCESS)
    image_format = "webp" if picture.has_alpha else "jpeg"
    for quality in (jpeg_quality, *LOWER_QUALITIES):
        yield _Way(image_format, partial(encode, image_format=image_format, quality=quality), LOSSY_EXCESS)
