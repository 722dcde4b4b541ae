"""The stored files of a picture, chosen by cost: its master, and a few narrower renditions (docs/adr/0034).

A stored file costs two writes, and its bytes for as long as the picture is kept. In return it makes variants faster to
generate. The master is a baseline JPEG, which is fast to decode, also at a fraction of its size. Transparent pictures
are stored as lossless WebP, animations as animated WebP. Flat pictures (flatness.py) are stored without loss: text as
JPEG has five times the bytes and scores 5 SSIMULACRA2 points less when encoded again.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Final, Protocol

from functions.imaging.encoding import (
    CONTENT_TYPES,
    LosslessEffort,
    encode,
    encode_lossless_webp,
    encode_lossless_webp_animation,
)
from functions.imaging.limits import MAX_ANIMATION_BYTES, MAX_STILL_BYTES
from functions.imaging.picture import DecodedPicture
from functions.imaging.resizing import resized
from functions.imaging.sampling import Sample

RENDITION_WIDTHS: Final = (480, 1280)
"""Widths in px of a still's renditions, narrowest first. Two files make nine of ten variants three to ten times as
fast; a third or fourth costs more than it saves (`python -m benchmarks.storage`, docs/adr/0034)."""

ANIMATION_RENDITION_WIDTHS: Final = (640,)
"""The same for animations, for which all frames of every rendition are encoded."""

MIN_REDUCTION: Final = 1.5
"""A rendition is stored only if the master is this many times wider; otherwise the master is nearly as fast."""

MASTER_QUALITY: Final = 84
"""JPEG quality of the master, with chroma at half the resolution: it is nearly always scaled down, which averages its
artefacts."""

RENDITION_QUALITY: Final = 90
"""JPEG quality of a rendition, and of a master that is no wider, with full chroma resolution, because variants of
nearly its own width are encoded from it: at 88 with half of it they take 6 % more bytes at equal score, and the
picture's files have 7 % fewer."""

ANIMATION_QUALITY: Final = 90
"""WebP quality of animations."""

LOWER_QUALITIES: Final = (80, 60)
"""JPEG and WebP qualities that are tried in turn if a file exceeds its limit in bytes (limits.py)."""

SHRINK: Final = 0.9
"""Largest factor for both sides if a master exceeds its limit at every quality."""

SHRINK_MARGIN: Final = 0.95
"""Additional factor for both sides: scaled noise has more bytes per pixel."""

SAMPLED_FROM_PX: Final = 4_000_000
"""Pixels of all frames from which a sample is encoded first, for slow encodings: lossless, animated or with alpha."""

LOSSLESS_EXCESS: Final = 1.3
LOSSY_EXCESS: Final = 0.9
ANIMATION_EXCESS: Final = 2.0
"""Largest prediction, as a multiple of the limit, at which an encoding is tried. Predictions are too high for flat
pictures, which are stored without loss, and for animations with little movement; too low for noise as lossy WebP."""

SOURCE_MARGIN: Final = 1.25
"""A rendition is scaled from the next wider one if that is at least this many times wider, otherwise from the master;
below that the loss is visible."""

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
    """Smaller copies of one picture; requesting the widest first is fastest."""

    def at(self, width: int) -> DecodedPicture:
        """Return the picture ``width`` px wide, at most as wide as it is."""


class ReduceChain:
    """Smaller copies of one picture, each scaled from the narrowest sufficient source."""

    def __init__(self, picture: DecodedPicture) -> None:
        self._whole = picture
        self._source_widths = rendition_widths(picture)
        self._kept: dict[int, DecodedPicture] = {}

    def at(self, width: int) -> DecodedPicture:
        """Return the picture ``width`` px wide, at most as wide as it is."""
        whole = self._whole.size
        if width >= whole[0]:
            return self._whole
        if width not in self._kept:
            source = self.at(self.source_width(width))
            size = (width, max(1, round(whole[1] * width / whole[0])))
            smaller = source.mapped(lambda frame: resized(frame, size))
            if width not in self._source_widths:
                return smaller
            self._kept[width] = smaller
        return self._kept[width]

    def source_width(self, width: int) -> int:
        """Return the width in px of the source of a copy: that of a rendition or of the whole picture."""
        sufficient = (each for each in self._source_widths if width * SOURCE_MARGIN <= each)
        return min(sufficient, default=self._whole.size[0])


def rendition_widths(picture: DecodedPicture) -> tuple[int, ...]:
    """Return the widths of a picture's renditions, narrowest first."""
    widths = ANIMATION_RENDITION_WIDTHS if picture.animated else RENDITION_WIDTHS
    return tuple(width for width in widths if width * MIN_REDUCTION <= picture.size[0])


def encoded_master(picture: DecodedPicture) -> tuple[EncodedFile, DecodedPicture]:
    """Return the master and its picture, which is scaled down if no file of the given one is within the limit."""
    while True:
        attempt = _Attempt(picture)
        small = picture.size[0] <= RENDITION_WIDTHS[-1]
        if file := attempt.stored("master", RENDITION_QUALITY if small else MASTER_QUALITY):
            return file, picture
        factor = min(SHRINK, (attempt.limit / attempt.smallest) ** 0.5 * SHRINK_MARGIN)
        size = (max(1, int(picture.size[0] * factor)), max(1, int(picture.size[1] * factor)))
        picture = picture.mapped(partial(resized, size=size))


def encoded_renditions(copies: ScaledCopies, widths: Iterable[int]) -> Iterator[EncodedFile]:
    """Yield the renditions at these widths that are within the limit, widest first."""
    for width in sorted(widths, reverse=True):
        if file := _Attempt(copies.at(width)).stored(f"w{width}", RENDITION_QUALITY):
            yield file


class _Attempt:
    """Encodes one picture repeatedly until the file is within its limit.

    Encodings that a sample predicts to be far too large are skipped: each takes seconds for noise of 3840 x 3840 px
    with alpha.
    """

    def __init__(self, picture: DecodedPicture) -> None:
        self._picture = picture
        self.limit = MAX_ANIMATION_BYTES if picture.animated else MAX_STILL_BYTES
        self.smallest: float = inf
        """Bytes of the smallest file, encoded or predicted."""

    def stored(self, stem: str, jpeg_quality: int) -> EncodedFile | None:
        """Return the first file of ``_encodings`` that is within the limit; None if there is none."""
        slow = self._picture.animated or self._picture.has_alpha or self._picture.flat
        sample = Sample.of(self._picture) if slow and self._picture.pixels > SAMPLED_FROM_PX else None
        measured: float | None = None
        for encoding in _encodings(self._picture, jpeg_quality):
            predicted = sample.predicted_bytes(encoding.encoded) if sample else 0
            excess = measured or encoding.excess
            if predicted > self.limit * excess:
                self.smallest = min(self.smallest, predicted / excess)
                continue
            body = encoding.encoded(self._picture)
            if len(body) <= self.limit:
                name = f"{stem}.{_EXTENSIONS[encoding.image_format]}"
                content_type, frames = CONTENT_TYPES[encoding.image_format], len(self._picture.frames)
                return EncodedFile(name, body, *self._picture.size, content_type, frames)
            self.smallest = min(self.smallest, len(body))
            if sample:
                measured = predicted / len(body)  # the error of later predictions
        return None


@dataclass(frozen=True)
class _Encoding:
    """One way to encode a picture: the format, the encoder, and the largest prediction at which it is tried."""

    image_format: str
    encoded: Callable[[DecodedPicture], bytes]
    excess: float


def _lossless(picture: DecodedPicture) -> bytes:
    return encode_lossless_webp(picture.frames[0], picture.rights, effort=LosslessEffort.STORED)


def _encodings(picture: DecodedPicture, jpeg_quality: int) -> Iterator[_Encoding]:
    """Yield the encodings of a picture, best first."""
    if picture.animated:
        if picture.flat:
            yield _Encoding("webp", encode_lossless_webp_animation, ANIMATION_EXCESS)
        for quality in (ANIMATION_QUALITY, *LOWER_QUALITIES):
            yield _Encoding("webp", partial(encode, image_format="webp", quality=quality), ANIMATION_EXCESS)
        return
    if picture.has_alpha or picture.flat:
        yield _Encoding("webp", _lossless, LOSSLESS_EXCESS)
    image_format = "webp" if picture.has_alpha else "jpeg"
    for quality in (jpeg_quality, *LOWER_QUALITIES):
        yield _Encoding(image_format, partial(encode, image_format=image_format, quality=quality), LOSSY_EXCESS)
