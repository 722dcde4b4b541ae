"""AVIF and HEIC: a walk over the boxes; libraries read the rest of the header.

Items, samples and references are counted before a library parses them: libavif searches all earlier items for each one,
which takes 2.6 s for 30,000 items and four times as long for twice as many. Libraries get the file without its trailer,
with a brand that they know, and with metadata items under a type that they skip.
"""

from collections.abc import Iterable
from fractions import Fraction
from itertools import islice
from typing import Final

from functions.imaging.codecs import open_image
from functions.imaging.colorimetry import Colorimetry, of_code_points
from functions.imaging.containers.boxes import (
    MAX_ITEMS,
    METADATA_KINDS,
    Box,
    Items,
    boxes,
    inside,
    items_of,
    sample_properties,
)
from functions.imaging.containers.brands import AVIF, HEIF, iso_format, with_opened_brand
from functions.imaging.containers.common import (
    U16,
    U32,
    Crop,
    Inspection,
    check_frames,
    check_size,
    read,
    too_complex,
    truncated,
)
from functions.imaging.containers.exif import Exif, read_exif
from functions.imaging.facts import facts_of
from functions.imaging.faults import decoder_faults
from functions.imaging.limits import Limits
from functions.imaging.refusal import RefusedPictureError
from functions.shared.status import Reason

_HEAD: Final = 8
_VERSION: Final = 4
"""Bytes at the start of a box: length and kind, then version and flags in some kinds."""

_BOXES_OF_BOXES: Final = frozenset(
    {b"meta", b"iprp", b"ipco", b"iref", b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf"}
)
_WITH_VERSION: Final = frozenset({b"meta", b"iref"})
_LISTS: Final = frozenset({b"ipma", b"stts", b"ctts", b"stss", b"stsc", b"stco", b"co64", b"elst"})
"""Boxes whose contents begin with a 32-bit number of entries (ISO/IEC 14496-12)."""

_SKIPPED: Final = b"skip"
"""The type under which libraries get metadata items. Pillow parses the whole EXIF block of an AVIF and raises if any
field has an unexpected value."""

_CODING: Final = {AVIF: b"av01", HEIF: b"hvc1"}
_TABLE: Final = (b"mdia", b"minf", b"stbl")
"""Where a track's sample tables are."""


def inspect_iso(body: bytes, limits: Limits) -> Inspection:
    """Inspect an AVIF, still or animated, or the primary picture of a HEIC or HEIF file.

    Raises RefusedPictureError or EndOfFileError.
    """
    pillow_format = iso_format(body)
    top = _top_level(body, limits)
    meta = next((box for box in top if box.kind == b"meta"), None)
    items = Items() if meta is None else items_of(body, meta)
    tables = [table for box in top if box.kind == b"moov" for table in inside(body, box, b"trak", *_TABLE)]
    file = _for_library(body, top, items, tables, pillow_format)
    with decoder_faults(), open_image(file, pillow_format) as image:
        width, height = image.size
        frames = int(getattr(image, "n_frames", 1)) if pillow_format == AVIF else 1
        facts = facts_of(image)
    check_size(width, height, limits)
    check_frames(frames, width, height, limits)
    exif = _exif_of(items, body)
    # A library that reports the rotation of an AVIF states it in EXIF; libheif applies it.
    orientation = read_exif(facts.exif).orientation if pillow_format == AVIF else 1
    properties = _properties(body, items, tables, _CODING[pillow_format], animated=frames > 1)
    return Inspection(
        pillow_format,
        width,
        height,
        file,
        Exif(orientation, exif.artist, exif.copyright),
        frames=frames,
        colorimetry=_colorimetry_of(body, properties),
        crop=_clean_aperture(body, properties, (width, height)) if pillow_format == AVIF else None,
    )


def _top_level(body: bytes, limits: Limits) -> list[Box]:
    """Return the boxes of the picture: up to the first that is malformed, or up to a second file that follows.

    Raises RefusedPictureError.
    """
    found: list[Box] = []
    for box in boxes(body, 0, len(body)):
        if box.kind == b"ftyp" and any(each.kind == b"meta" for each in found):
            break
        _check_lists(body, box.start, box.end, limits)
        found.append(box)
        if len(found) > limits.max_chunks:
            raise too_complex(f"The file has more than {limits.max_chunks} boxes.")
    return found


def _for_library(body: bytes, top: list[Box], items: Items, tables: list[Box], pillow_format: str) -> bytes:
    """Return the file for the library. Raises RefusedPictureError (CORRUPT) if a part of the pictures is missing."""
    end = top[-1].end if top else 0
    needed = max((*_ends_of(items), *_ends_of_samples(body, tables)), default=0)
    if needed > len(body):
        raise truncated(100 * len(body) / needed)
    if not needed and end < len(body):
        length = _length(body, end) if end + 2 * _HEAD <= len(body) else 0
        if end + length > len(body):
            raise truncated(100 * len(body) / (end + length))
        raise RefusedPictureError(Reason.CORRUPT, "The file's boxes are not nested correctly.")
    file = bytearray(body if needed > end else memoryview(body)[:end])
    if needed > end and body[end + 4 : end + _HEAD] == b"mdat":  # its length is wrong, but all data is there
        file[end : end + 4] = bytes(4)
    for item, kind in items.kinds.items():
        if kind in METADATA_KINDS:
            offset = items.kind_offsets[item]
            file[offset : offset + 4] = _SKIPPED
    return with_opened_brand(bytes(file), pillow_format, has_tracks=bool(tables))


def _ends_of(items: Items) -> Iterable[int]:
    return (start + length for extents in items.extents.values() for start, length in extents)


def _ends_of_samples(body: bytes, tables: list[Box]) -> Iterable[int]:
    """Yield where the last chunk of each track begins; and where its data ends if all of it is one chunk."""
    for table in tables:
        inner = {box.kind: box for box in islice(boxes(body, table.contents, table.end), 64)}
        kind, size = (b"stco", 4) if b"stco" in inner else (b"co64", 8)
        if kind not in inner:
            continue
        starts = _numbers(body, inner[kind], _VERSION + 4, size)
        one_size = _numbers(body, inner[b"stsz"], _VERSION, 4)[:2] if b"stsz" in inner else []
        sizes = _numbers(body, inner[b"stsz"], _VERSION + 8, 4) if one_size[:1] == [0] else []
        yield max(starts, default=0) + (sum(sizes) if len(starts) == 1 else 1)


def _numbers(body: bytes, box: Box, skipped: int, size: int) -> list[int]:
    """Return the numbers at the end of a box."""
    first = box.contents + skipped
    return [int.from_bytes(body[at : at + size], "big") for at in range(first, box.end - size + 1, size)][:MAX_ITEMS]


def _exif_of(items: Items, body: bytes) -> Exif:
    """Read the EXIF item: an offset of 32 bits, then a block (23008-12, A.2.1)."""
    data = items.data(body, b"Exif")
    return read_exif(data[4 + int.from_bytes(data[:4], "big") :])


def _properties(body: bytes, items: Items, tables: list[Box], coding: bytes, *, animated: bool) -> list[Box]:
    """Return the properties of the pictures: of the track's samples, or of the primary item and its first part."""
    if animated:
        for table in tables:
            for samples in inside(body, table, b"stsd"):
                if found := sample_properties(body, samples, coding):
                    return found
    own = items.properties.get(items.primary, [])
    return own if items.coded == items.primary else own + items.properties.get(items.coded, [])


def _colorimetry_of(body: bytes, properties: list[Box]) -> Colorimetry | None:
    """Return what the first ``colr`` box of type ``nclx`` says (14496-12, 12.1.5)."""
    for box in properties:
        if box.kind == b"colr" and body[box.contents : box.contents + 4] == b"nclx" and box.end - box.contents >= 8:
            return of_code_points(read(U16, body, box.contents + 4), read(U16, body, box.contents + 6))
    return None


def _clean_aperture(body: bytes, properties: list[Box], size: tuple[int, int]) -> Crop | None:
    """Return the crop that a ``clap`` box states (14496-12, 12.1.4); None for one that is outside the picture."""
    box = next((box for box in properties if box.kind == b"clap" and box.end - box.contents >= 32), None)
    if box is None:
        return None
    terms = [int.from_bytes(body[at : at + 4], "big", signed=True) for at in range(box.contents, box.contents + 32, 4)]
    if any(below <= 0 for below in terms[1::2]):
        return None
    width, height, across, down = (Fraction(*pair) for pair in zip(terms[::2], terms[1::2], strict=True))
    left, top = (size[0] - width) / 2 + across, (size[1] - height) / 2 + down
    if any(each.denominator != 1 for each in (width, height, left, top)):
        return None
    crop = (int(left), int(top), int(left + width), int(top + height))
    inside_picture = crop[0] >= 0 and crop[1] >= 0 and crop[2] <= size[0] and crop[3] <= size[1]
    return crop if inside_picture and width > 0 and height > 0 else None


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
