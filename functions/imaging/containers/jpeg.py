"""JPEG, and the first picture of an MPO: a walk over the markers.

Decoders get no comments, only application segments that define the colours, and nothing after the picture.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from PIL import Image

from functions.imaging.codecs import open_image
from functions.imaging.containers.common import (
    U16,
    EndOfFileError,
    Inspection,
    check_icc,
    check_size,
    joined,
    read,
    too_complex,
    truncated,
)
from functions.imaging.containers.exif import Exif, read_exif
from functions.imaging.faults import decoder_faults
from functions.imaging.limits import Limits
from functions.imaging.refusal import RefusedPictureError
from functions.shared.contracts import Reason

_JPEG_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
"""Start-of-frame markers that libjpeg decodes: baseline, extended and progressive, Huffman or arithmetic."""

_JPEG_FOREIGN_FRAMES: Final = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF})
_JPEG_PROGRESSIVE: Final = frozenset({0xC2, 0xCA})
_JPEG_ICC: Final = b"ICC_PROFILE\x00"
_JPEG_ICC_HEAD: Final = len(_JPEG_ICC) + 2
"""Bytes before a segment's part of the profile: the name, the part's number, and how many there are."""

_EXIF: Final = b"Exif\0\0"
_JFIF_BYTES: Final = 14
_ADOBE_BYTES: Final = 12
"""Minimum lengths of these two segments; libjpeg ignores shorter ones."""

_JPEG_MARKER: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""A marker in entropy-coded data: neither a stuffed zero nor a restart."""

_JPEG_FILL: Final = re.compile(rb"\xff{2,}")
"""Fill bytes: any number may precede a marker."""

_JPEG_HUFFMAN: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Start-of-frame markers of pictures whose data is complete; arithmetic coding omits trailing zeros."""

_DRAFT_DIVISOR: Final = 8
"""libjpeg's smallest scale; enough to see where the rows of a truncated JPEG end."""

_MISSING: Final = frozenset({127, 128})
"""The level of blocks without data in libjpeg: mid-grey in every channel; Pillow inverts CMYK."""

_MORE_DATA: Final = b"".join([bytes(range(255)), *(b"\xff" + bytes([0xD0 + n, *range(255)]) for n in range(8))])
"""Data for a scan that is incomplete, after any restart marker that it may expect."""


@dataclass
class _JpegWalk:
    """State of a walk over a JPEG's markers. ``kept`` are the spans before the first scan for the decoder."""

    width: int = 0
    height: int = 0
    progressive: bool = False
    huffman: bool = False
    scans: int = 0
    icc_bytes: int = 0
    complete: bool = False
    end: int = 0
    exif: Exif | None = None
    first_scan: int = 0
    kept: list[tuple[int, int]] = field(default_factory=lambda: [(0, 2)])


def inspect_jpeg(body: bytes, limits: Limits) -> Inspection:
    """Inspect a JPEG. Raises RefusedPictureError or EndOfFileError."""
    seen = _JpegWalk()
    try:
        _walk_jpeg(body, limits, seen)
    except EndOfFileError:
        if not seen.width:
            raise
    if not seen.width:
        if not seen.complete:
            raise EndOfFileError
        raise RefusedPictureError(Reason.CORRUPT, "The JPEG has no picture in it.")
    if not seen.complete:
        raise truncated(None if seen.progressive or not seen.scans else _jpeg_percent(body))
    scans = (seen.first_scan or seen.end, seen.end + 2)
    return Inspection("JPEG", seen.width, seen.height, joined(body, [*seen.kept, scans]), seen.exif or Exif())


def _walk_jpeg(body: bytes, limits: Limits, seen: _JpegWalk) -> None:
    """Visit every marker of the first picture; data after its end (a second MPO picture, a video) is ignored."""
    position = 2
    for _ in range(limits.max_chunks):
        if fill := _JPEG_FILL.match(body, position):
            position = fill.end() - 1
        if position + 2 > len(body):
            return
        marker = body[position + 1]
        if body[position] != 0xFF or marker == 0:
            position = _next_jpeg_marker(body, position)
            continue
        if marker == 0xD9:
            seen.complete = True
            seen.end = position
            return
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            position += 2
            continue
        length = read(U16, body, position + 2)
        _note_jpeg_segment(body, position + 4, marker, length - 2, limits=limits, seen=seen)
        if marker == 0xDA and seen.scans == 1:
            seen.first_scan = position
        elif not seen.scans and _is_needed_by_decoder(body, position + 4, marker, length - 2):
            seen.kept.append((position, position + 2 + length))
        position += 2 + length
        if marker == 0xDA:
            position = _next_jpeg_marker(body, position)
    raise too_complex(f"The JPEG has more than {limits.max_chunks} segments.")


def _next_jpeg_marker(body: bytes, position: int) -> int:
    match = _JPEG_MARKER.search(body, position)
    return match.start() if match else len(body)


def _note_jpeg_segment(body: bytes, start: int, marker: int, length: int, *, limits: Limits, seen: _JpegWalk) -> None:
    if marker in _JPEG_FOREIGN_FRAMES:
        raise RefusedPictureError(Reason.UNSUPPORTED_FORMAT, "Lossless and hierarchical JPEG files are not accepted.")
    if marker in _JPEG_FRAMES and not seen.width:
        if body[start : start + 1] not in {b"\x08", b""}:
            raise RefusedPictureError(Reason.UNSUPPORTED_FORMAT, "JPEG files of more than 8 bits are not accepted.")
        seen.height, seen.width = read(U16, body, start + 1), read(U16, body, start + 3)
        seen.progressive = marker in _JPEG_PROGRESSIVE
        seen.huffman = marker in _JPEG_HUFFMAN
        check_size(seen.width, seen.height, limits)
    elif marker == 0xE2 and body.startswith(_JPEG_ICC, start):
        seen.icc_bytes += length - _JPEG_ICC_HEAD
        check_icc(seen.icc_bytes, limits)
    elif marker == 0xE1 and seen.exif is None and body.startswith(_EXIF, start):
        seen.exif = read_exif(body[start : start + length])
    elif marker == 0xDA:
        seen.scans += 1
        if seen.scans > limits.max_scans or seen.scans * seen.width * seen.height > limits.max_scan_pixels:
            raise too_complex(f"The JPEG draws its picture in {seen.scans} scans or more, which is too many to decode.")


def _is_needed_by_decoder(body: bytes, start: int, marker: int, length: int) -> bool:
    """Tell whether the decoder needs a segment: tables, frame headers, and what defines the colours."""
    if marker == 0xE0:
        return length >= _JFIF_BYTES and body.startswith(b"JFIF\0", start)
    if marker == 0xE2:
        return length > _JPEG_ICC_HEAD and body.startswith(_JPEG_ICC, start)
    if marker == 0xEE:
        return length >= _ADOBE_BYTES and body.startswith(b"Adobe", start)
    return 0xC0 <= marker <= 0xDF


def check_jpeg_is_whole(body: bytes, image: Image.Image, limits: Limits) -> None:
    """Raise RefusedPictureError (CORRUPT) for a truncated file with an end marker.

    ``image`` is the loaded file. libjpeg fills missing data with grey, with a warning that Pillow does not report. If a
    picture ends in grey, more data is inserted before the end marker; only an incomplete picture uses it. The two
    decodes at an eighth of the size take as long as one at full size.
    """
    corner = image.getpixel((image.width - 1, image.height - 1))
    if not _MISSING.issuperset(corner if isinstance(corner, tuple) else (corner,)):
        return
    seen = _JpegWalk()
    _walk_jpeg(body, limits, seen)
    data = body[: seen.end]
    if seen.huffman and _small_jpeg(data).tobytes() != _small_jpeg(data + _MORE_DATA).tobytes():
        raise truncated(_jpeg_percent(data))


def _small_jpeg(body: bytes) -> Image.Image:
    """Return a JPEG without its end marker in grey, at an eighth of its size."""
    with decoder_faults(), open_image(body + b"\xff\xd9", "JPEG") as image:
        image.draft("L", (max(1, image.width // _DRAFT_DIVISOR), max(1, image.height // _DRAFT_DIVISOR)))
        return image.convert("L")


def _jpeg_percent(body: bytes) -> float:
    """Return how much of a baseline JPEG is present: decode it at a small size and find where rows stop changing."""
    rows = _small_jpeg(body)
    width, height = rows.size
    pixels = rows.tobytes()
    last = pixels[-width:]
    missing = 0
    while missing < height and pixels[(height - missing - 1) * width : (height - missing) * width] == last:
        missing += 1
    return 100 * (height - missing) / height
