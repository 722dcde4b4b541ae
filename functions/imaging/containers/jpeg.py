"""JPEG, and the first picture of an MPO: a walk over the markers.

Decoders get no comments, only application segments that define the colours, and nothing after the picture. A file
without an end marker is whole if its scans have every coefficient and the last of them needs no more data; what follows
that scan is no part of the picture, whatever it looks like.
"""

import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from PIL import Image

from functions.imaging.codecs import open_image
from functions.imaging.containers.common import (
    U16,
    EndOfFileError,
    Inspection,
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
from functions.shared.status import Reason

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

_COEFFICIENTS: Final = 64
"""Coefficients of a block; the first is its mean level."""

_CONTINUES: Final = frozenset({0xC4, 0xCC, 0xDA, 0xDB, 0xDC, 0xDD, 0xFE})
"""Markers that can follow a scan: tables, another scan, the number of lines, the restart interval, a comment."""

_ABSENT: Final = 16
"""More than the lowest bit of any scan."""

_END: Final = b"\xff\xd9"

_MISSING: Final = frozenset({127, 128})
"""The level of blocks without data in libjpeg: mid-grey in every channel; Pillow inverts CMYK."""

_ZEROS: Final = bytes(16)
"""A scan does not end in so many zeros: a block of zeros has 24 bytes or more, and other blocks end in other codes."""
_KEPT_ZEROS: Final = 2
"""Zeros that can be the end of a scan: its last byte, or the second one of a stuffed FF."""

_OTHER_DATA: Final = (b"\x2a\x55" * 64, b"\xd5\xaa" * 64)
"""Data of two kinds, of which a scan that is incomplete takes at least the first bits."""

_MORE_DATA: Final = b"".join([bytes(range(255)), *(b"\xff" + bytes([0xD0 + n, *range(255)]) for n in range(8))])
"""Data for a scan that is incomplete, after any restart marker that it may expect."""


@dataclass
class _JpegWalk:
    """State of a walk over a JPEG's markers. ``kept`` are the spans before the first scan for the decoder.

    ``precision`` has the lowest bit of each coefficient that scans have so far, by component. ``whole_at`` is where the
    first scan ends after which all are there, 0 before it.
    """

    width: int = 0
    height: int = 0
    progressive: bool = False
    huffman: bool = False
    scans: int = 0
    precision: dict[int, list[int]] = field(default_factory=dict)
    whole_at: int = 0
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
    if not seen.complete or (seen.whole_at and body.endswith(_ZEROS, 0, seen.end)):
        _end_without_marker(body, seen)
    scans = (seen.first_scan or seen.end, seen.end)
    file = joined(body, [*seen.kept, scans]) + _END
    return Inspection("JPEG", seen.width, seen.height, file, seen.exif or Exif())


def _end_without_marker(body: bytes, seen: _JpegWalk) -> None:
    """Find the end of a picture without an end marker, or with zeros before it.

    Zeros are dropped first, because they are valid data of a scan. The picture is whole if it does not matter which
    data follows. Raises RefusedPictureError (CORRUPT) if a part is missing.
    """
    if not (seen.whole_at and seen.huffman):
        raise truncated(_jpeg_percent(body) if seen.scans and seen.huffman and not seen.progressive else None)
    scans = body[seen.first_scan : seen.whole_at]
    kept = scans.rstrip(b"\0")
    kept = scans[: len(kept) + _KEPT_ZEROS].rstrip(b"\xff")  # a half of the end marker
    seen.end = seen.first_scan + len(kept)
    data = joined(body, [*seen.kept, (seen.first_scan, seen.end)])
    whole = _pixels(data)
    if any(_pixels(data + more) != whole for more in _OTHER_DATA):
        raise truncated(None if seen.progressive else _jpeg_percent(data))


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
        elif marker == 0xD9:
            seen.complete = True
            seen.end = position
            return
        elif seen.whole_at and not _continues(body, position, seen):
            return
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            position += 2
        else:
            position = _visit_segment(body, position, limits, seen)
    raise too_complex(f"The JPEG has more than {limits.max_chunks} segments.")


def _visit_segment(body: bytes, position: int, limits: Limits, seen: _JpegWalk) -> int:
    """Record a segment with a length; return the offset of the next marker, which for a scan is after its data."""
    marker, length = body[position + 1], read(U16, body, position + 2)
    _note_jpeg_segment(body, position + 4, marker, length - 2, limits=limits, seen=seen)
    if marker != 0xDA:
        if not seen.scans and _is_needed_by_decoder(body, position + 4, marker, length - 2):
            seen.kept.append((position, position + 2 + length))
        return position + 2 + length
    if seen.scans == 1:
        seen.first_scan = position
    end = _next_jpeg_marker(body, position + 2 + length)
    if not seen.whole_at and all(bits == [0] * _COEFFICIENTS for bits in seen.precision.values()):
        seen.whole_at = end
    return end


def _next_jpeg_marker(body: bytes, position: int) -> int:
    match = _JPEG_MARKER.search(body, position)
    return match.start() if match else len(body)


def _continues(body: bytes, position: int, seen: _JpegWalk) -> bool:
    """Tell whether a marker after the whole picture is a part of it, and not of what an application appended."""
    marker = body[position + 1]
    if marker not in _CONTINUES or position + 4 > len(body):
        return False
    end = position + 2 + read(U16, body, position + 2)
    return end <= len(body) and (marker != 0xDA or _scan_of(body, position + 4, end, seen) is not None)


def _scan_of(body: bytes, start: int, end: int, seen: _JpegWalk) -> tuple[bytes, int, int, int] | None:
    """Return a scan's components, first and last coefficient and lowest bit; None for an invalid header."""
    count = body[start] if start < len(body) else 0
    if not 1 <= count <= 4 or end - start != 4 + 2 * count or end > len(body):
        return None
    components = body[start + 1 : start + 1 + 2 * count : 2]
    first, last, bits = body[end - 3 : end]
    if not seen.precision.keys() >= set(components) or not first <= last < _COEFFICIENTS:
        return None
    return components, first, last, bits & 15


def _note_jpeg_segment(body: bytes, start: int, marker: int, length: int, *, limits: Limits, seen: _JpegWalk) -> None:
    if marker in _JPEG_FOREIGN_FRAMES:
        raise RefusedPictureError(Reason.UNSUPPORTED_FORMAT, "Lossless and hierarchical JPEG files are not accepted.")
    if marker in _JPEG_FRAMES and not seen.width:
        if body[start : start + 1] not in {b"\x08", b""}:
            raise RefusedPictureError(Reason.UNSUPPORTED_FORMAT, "JPEG files of more than 8 bits are not accepted.")
        seen.height, seen.width = read(U16, body, start + 1), read(U16, body, start + 3)
        seen.progressive = marker in _JPEG_PROGRESSIVE
        seen.huffman = marker in _JPEG_HUFFMAN
        for component in body[start + 6 : start + length : 3]:
            seen.precision[component] = [_ABSENT] * _COEFFICIENTS
        check_size(seen.width, seen.height, limits)
    elif marker == 0xE1 and seen.exif is None and body.startswith(_EXIF, start):
        seen.exif = read_exif(body[start : start + length])
    elif marker == 0xDA:
        seen.scans += 1
        _note_coefficients(body, start, start + length, seen)
        if seen.scans > limits.max_scans or seen.scans * seen.width * seen.height > limits.max_scan_pixels:
            raise too_complex(f"The JPEG draws its picture in {seen.scans} scans or more, which is too many to decode.")


def _note_coefficients(body: bytes, start: int, end: int, seen: _JpegWalk) -> None:
    scan = _scan_of(body, start, end, seen)
    if scan is None:
        return
    components, first, last, bit = scan if seen.progressive else (scan[0], 0, _COEFFICIENTS - 1, 0)
    for component in components:
        precision = seen.precision[component]
        precision[first : last + 1] = [min(bit, had) for had in precision[first : last + 1]]


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


def _pixels(body: bytes) -> bytes:
    """Return a digest of the pixels of a JPEG without its end marker."""
    with decoder_faults(), open_image(body + _END, "JPEG") as image:
        return sha256(image.tobytes()).digest()


def _small_jpeg(body: bytes) -> Image.Image:
    """Return a JPEG without its end marker in grey, at an eighth of its size."""
    with decoder_faults(), open_image(body + _END, "JPEG") as image:
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
