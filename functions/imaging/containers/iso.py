"""AVIF and HEIC: a walk over the boxes; libraries read the rest of the header.

Items, samples and references are counted before a library parses them: libavif searches all earlier items for each one,
which takes 2.6 s for 30,000 items and four times as long for twice as many.
"""

from dataclasses import replace
from typing import Final

from functions.imaging.codecs import HEIF, open_image
from functions.imaging.containers.common import (
    U16,
    U32,
    Inspection,
    check_frames,
    check_icc,
    check_size,
    read,
    too_complex,
    truncated,
)
from functions.imaging.containers.exif import read_exif
from functions.imaging.facts import facts_of
from functions.imaging.faults import decoder_faults
from functions.imaging.limits import Limits
from functions.imaging.refusal import RefusedPictureError
from functions.shared.contracts import Reason

_HEAD: Final = 8
_VERSION: Final = 4
"""Bytes at the start of a box: length and kind, then version and flags in some kinds."""

_BOXES_OF_BOXES: Final = frozenset(
    {b"meta", b"iprp", b"ipco", b"iref", b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf"}
)
_WITH_VERSION: Final = frozenset({b"meta", b"iref"})
_LISTS: Final = frozenset({b"ipma", b"stts", b"ctts", b"stss", b"stsc", b"stco", b"co64", b"elst"})
"""Boxes whose contents begin with a 32-bit number of entries (ISO/IEC 14496-12)."""


def inspect_avif(body: bytes, limits: Limits) -> Inspection:
    """Inspect a still or animated AVIF. Raises RefusedPictureError or EndOfFileError."""
    return _inspect_iso(body, "AVIF", limits)


def inspect_heif(body: bytes, limits: Limits) -> Inspection:
    """Inspect a HEIC or HEIF file; only its primary picture counts. Raises RefusedPictureError or EndOfFileError."""
    return _inspect_iso(body, HEIF, limits)


def _inspect_iso(body: bytes, pillow_format: str, limits: Limits) -> Inspection:
    position, count = 0, 0
    while position + _HEAD <= len(body):
        length = _length(body, position)
        if length == 0:
            _check_lists(body, position, len(body), limits)
            break
        if length < _HEAD:
            raise RefusedPictureError(Reason.CORRUPT, "The file's boxes do not fit into one another.")
        if position + length > len(body):
            raise truncated(100 * len(body) / (position + length))
        _check_lists(body, position, position + length, limits)
        position += length
        count += 1
        if count > limits.max_chunks:
            raise too_complex(f"The file has more than {limits.max_chunks} boxes.")
    with decoder_faults(), open_image(body, pillow_format) as image:
        width, height = image.size
        frames = int(getattr(image, "n_frames", 1)) if pillow_format == "AVIF" else 1
        facts = facts_of(image)
    check_size(width, height, limits)
    check_frames(frames, width, height, limits)
    check_icc(len(facts.profile), limits)
    exif = read_exif(facts.exif)
    if pillow_format == HEIF:
        exif = replace(exif, orientation=1)  # libheif has applied the container's rotation
    return Inspection(pillow_format, width, height, body, exif, frames=frames)


def _length(body: bytes, position: int) -> int:
    """Return the length of a box; 0 means that it extends to the end."""
    length = read(U32, body, position)
    if length == 1:
        return read(U32, body, position + 8) << 32 | read(U32, body, position + 12)
    return length


def _check_lists(body: bytes, start: int, end: int, limits: Limits) -> None:
    """Check the lists inside a top-level box. Malformed boxes are left to the library, which refuses them.

    Raises RefusedPictureError (TOO_COMPLEX) for more entries or boxes than a picture needs.
    """
    boxes, places = 0, [(start, end)]
    while places:
        position, end = places.pop()
        while position + _HEAD <= end:
            length, kind = _length(body, position) or end - position, body[position + 4 : position + _HEAD]
            if length < _HEAD or position + length > end:
                break
            boxes += 1
            if max(boxes, _entries(body, position, kind)) > limits.max_entries:
                raise too_complex(f"The file lists more than {limits.max_entries} parts of its pictures.")
            if kind in _BOXES_OF_BOXES:
                head = _HEAD + (_VERSION if kind in _WITH_VERSION else 0)
                places.append((position + head, position + length))
            position += length


def _entries(body: bytes, position: int, kind: bytes) -> int:
    """Return the number of entries that a box claims; 0 for a box that is not a list."""
    first = position + _HEAD + _VERSION
    if kind in _LISTS:
        return read(U32, body, first)
    if kind == b"stsz":
        return read(U32, body, first + 4)  # after the size that all samples have
    if kind == b"iinf":
        return read(U32 if body[position + _HEAD] else U16, body, first)
    if kind == b"iloc":
        return read(U32 if body[position + _HEAD] > 1 else U16, body, first + 2)  # after the sizes of its fields
    return 0
