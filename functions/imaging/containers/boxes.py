"""The boxes of ISO base media files (ISO/IEC 14496-12): AVIF and HEIC items with their data and properties.

Nothing here raises on hostile input: a malformed box ends its list, and unreadable data counts as missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

MAX_ITEMS: Final = 4_096
"""Maximum number of items, properties or references that are read."""

_HEAD: Final = 8
_WIDE_HEAD: Final = 16
_FULL: Final = 4
"""Bytes of version and flags, in the boxes that have them."""
_SAMPLE_ENTRY_BYTES: Final = 78
"""Bytes of a visual sample entry before its boxes (14496-12, 12.1.3)."""

_PIXELS_OF: Final = frozenset({b"dimg"})
METADATA_KINDS: Final = frozenset({b"Exif", b"mime", b"uri "})


@dataclass(frozen=True)
class Box:
    """One box: its kind, and the offsets of the box, its contents and its end."""

    kind: bytes
    start: int
    contents: int
    end: int


def boxes(body: bytes, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two offsets, up to the first that is malformed or ends after ``end``."""
    while start + _HEAD <= end:
        length, kind = int.from_bytes(body[start : start + 4], "big"), body[start + 4 : start + _HEAD]
        contents = start + _HEAD
        if length == 1:
            length, contents = int.from_bytes(body[contents : start + _WIDE_HEAD], "big"), start + _WIDE_HEAD
        elif length == 0:
            length = end - start
        if start + length < contents or start + length > end or not _is_kind(kind):
            return
        yield Box(kind, start, contents, start + length)
        start += length


def brands(body: bytes) -> tuple[bytes, frozenset[bytes]]:
    """Return the major brand of a file, and all of its brands."""
    length = min(int.from_bytes(body[:4], "big"), 1024, len(body))
    major = body[8:12]
    return major, frozenset({major} | {body[start : start + 4] for start in range(16, length, 4)})


@dataclass(frozen=True)
class Items:
    """The items of a ``meta`` box, by number.

    ``kinds`` are their types and ``kind_offsets`` the types' offsets in the file; ``extents`` are the offsets and
    lengths of their data; ``properties`` are in the order of association; ``parts`` are the items that an item is
    derived from.
    """

    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    kind_offsets: dict[int, int] = field(default_factory=dict)
    extents: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    properties: dict[int, list[Box]] = field(default_factory=dict)
    parts: dict[int, list[int]] = field(default_factory=dict)

    @property
    def coded(self) -> int:
        """The item with the primary picture's pixels: itself, or the first one that it is derived from."""
        item = self.primary
        for _ in range(4):
            if not self.parts.get(item):
                break
            item = self.parts[item][0]
        return item

    def data(self, body: bytes, kind: bytes) -> bytes:
        """Return the data of the first item of a kind; empty if there is none."""
        item = next((item for item, found in self.kinds.items() if found == kind), None)
        extents = [] if item is None else self.extents.get(item, [])
        return b"".join(body[start : start + length] for start, length in extents)


def items_of(body: bytes, meta: Box) -> Items:
    """Read the items of a ``meta`` box."""
    found = Items()
    inner = {box.kind: box for box in islice(boxes(body, meta.contents + _FULL, meta.end), 64)}
    primary = _number_of_primary(body, inner.get(b"pitm"))
    if (box := inner.get(b"iinf")) is not None:
        _read_kinds(body, box, found)
    if (box := inner.get(b"iloc")) is not None:
        data = inner.get(b"idat")
        _read_extents(body, box, data.contents if data else None, found)
    if (box := inner.get(b"iprp")) is not None:
        _read_properties(body, box, found)
    if (box := inner.get(b"iref")) is not None:
        _read_parts(body, box, found)
    return Items(primary, found.kinds, found.kind_offsets, found.extents, found.properties, found.parts)


def is_of_pictures(body: bytes, meta: Box) -> bool:
    """Tell whether a ``meta`` box lists pictures: its handler is ``pict`` (23008-12, 6.2)."""
    handler = next(
        (box for box in islice(boxes(body, meta.contents + _FULL, meta.end), 64) if box.kind == b"hdlr"), None
    )
    return handler is not None and body[handler.contents + 8 : handler.contents + 12] == b"pict"


def inside(body: bytes, box: Box, *path: bytes) -> Iterator[Box]:
    """Yield the boxes that are nested in a box by a path of kinds."""
    for child in islice(boxes(body, box.contents, box.end), MAX_ITEMS):
        if child.kind == path[0]:
            if len(path) == 1:
                yield child
            else:
                yield from inside(body, child, *path[1:])


def sample_properties(body: bytes, table: Box, kind: bytes) -> list[Box]:
    """Return the boxes in the first sample entry of a kind; ``table`` is the ``stsd`` box of a track."""
    for entry in islice(boxes(body, table.contents + 8, table.end), 16):
        if entry.kind == kind:
            return list(islice(boxes(body, entry.contents + _SAMPLE_ENTRY_BYTES, entry.end), MAX_ITEMS))
    return []


def _is_kind(kind: bytes) -> bool:
    return len(kind) == 4 and all(0x20 <= each < 0x7F for each in kind)


def _number_of_primary(body: bytes, box: Box | None) -> int:
    if box is None:
        return 0
    wide = body[box.contents : box.contents + 1] != b"\0"
    at = box.contents + _FULL
    return int.from_bytes(body[at : at + (4 if wide else 2)], "big")


def _read_kinds(body: bytes, box: Box, found: Items) -> None:
    first = box.contents + _FULL + (4 if body[box.contents] else 2)
    for entry in islice(boxes(body, first, box.end), MAX_ITEMS):
        version = body[entry.contents]
        if entry.kind != b"infe" or version < 2:
            continue
        at, size = entry.contents + _FULL, 2 if version == 2 else 4
        kind = at + size + 2
        if kind + 4 <= entry.end:
            item = int.from_bytes(body[at : at + size], "big")
            found.kinds.setdefault(item, body[kind : kind + 4])
            found.kind_offsets.setdefault(item, kind)


class _Cursor:
    """Reads numbers one after another; 0 past the end."""

    def __init__(self, body: bytes, at: int, end: int) -> None:
        self._body, self._at, self._end = body, at, end

    def take(self, size: int) -> int:
        value = self._body[self._at : min(self._at + size, self._end)]
        self._at += size
        return int.from_bytes(value, "big")

    @property
    def exhausted(self) -> bool:
        return self._at >= self._end


def _read_extents(body: bytes, box: Box, data: int | None, found: Items) -> None:
    """Read the locations of items' data (14496-12, 8.11.3): in the file, or in the ``idat`` box at ``data``."""
    version = body[box.contents]
    cursor = _Cursor(body, box.contents + _FULL, box.end)
    sizes = cursor.take(2)
    offset_bytes, length_bytes, base_bytes = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_bytes = sizes & 15 if version else 0
    for _ in range(min(cursor.take(4 if version == 2 else 2), MAX_ITEMS)):
        item = cursor.take(4 if version == 2 else 2)
        method = cursor.take(2) & 15 if version else 0
        cursor.take(2)
        base = cursor.take(base_bytes)
        extents = []
        for _ in range(min(cursor.take(2), MAX_ITEMS)):
            cursor.take(index_bytes)
            start, length = base + cursor.take(offset_bytes), cursor.take(length_bytes)
            if method == 0:
                extents.append((start, length))
            elif method == 1 and data is not None:
                extents.append((data + start, length))
            if cursor.exhausted:
                break
        found.extents.setdefault(item, extents)
        if cursor.exhausted:
            return


def _read_properties(body: bytes, box: Box, found: Items) -> None:
    container = next(inside(body, box, b"ipco"), None)
    if container is None:
        return
    listed = list(islice(boxes(body, container.contents, container.end), MAX_ITEMS))
    for association in islice(inside(body, box, b"ipma"), 16):
        version, wide = body[association.contents], body[association.contents + 3] & 1
        cursor = _Cursor(body, association.contents + _FULL, association.end)
        for _ in range(min(cursor.take(4), MAX_ITEMS)):
            item = cursor.take(4 if version else 2)
            indices = [cursor.take(2) & 0x7FFF if wide else cursor.take(1) & 0x7F for _ in range(cursor.take(1))]
            properties = [listed[index - 1] for index in indices if 1 <= index <= len(listed)]
            found.properties.setdefault(item, []).extend(properties)
            if cursor.exhausted:
                break


def _read_parts(body: bytes, box: Box, found: Items) -> None:
    size = 4 if body[box.contents] else 2
    for reference in islice(boxes(body, box.contents + _FULL, box.end), MAX_ITEMS):
        if reference.kind in _PIXELS_OF:
            cursor = _Cursor(body, reference.contents, reference.end)
            item = cursor.take(size)
            count = min(cursor.take(2), (reference.end - reference.contents) // size)
            found.parts.setdefault(item, []).extend(cursor.take(size) for _ in range(min(count, MAX_ITEMS)))
