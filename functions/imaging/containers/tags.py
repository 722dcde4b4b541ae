"""Directories of tags in TIFF and EXIF (TIFF 6.0, section 2; CIPA DC-008, 4.6).

Reading a directory reads its entries without values; a value is read on request, up to the caller's limit. Values
outside the file and unknown types are treated as missing. No function here raises on hostile input.
"""

from dataclasses import dataclass
from struct import Struct, unpack_from
from typing import Final

_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Size of one value in bytes, by type number."""

_CODES: Final = {3: "H", 4: "I", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
"""struct codes of the integer types. BYTE is not one: viewers do not accept it for sizes and orientation."""

_TEXT: Final = 2
_BIG: Final = 43


@dataclass(frozen=True)
class Entry:
    """One tag: type number, number of values, offset of the first value, and the entry's own bytes."""

    kind: int
    count: int
    start: int
    raw: bytes


@dataclass(frozen=True)
class Directory:
    """The first directory of a file, by tag number. The first of two equal tags is used.

    ``order`` is struct's byte order character; ``big`` is true for BigTIFF.
    """

    body: bytes
    order: str
    big: bool
    entries: dict[int, Entry]

    def count(self, tag: int) -> int:
        """Return the number of values that a tag claims; 0 if the tag is missing."""
        entry = self.entries.get(tag)
        return entry.count if entry else 0

    def numbers(self, tag: int, most: int) -> tuple[int, ...]:
        """Return up to ``most`` integers of a tag; none if it is missing or has another type."""
        entry = self._readable(tag)
        if entry is None or entry.kind not in _CODES:
            return ()
        return unpack_from(f"{self.order}{min(entry.count, most)}{_CODES[entry.kind]}", self.body, entry.start)

    def number(self, tag: int, default: int) -> int:
        """Return the first integer of a tag."""
        return next(iter(self.numbers(tag, 1)), default)

    def text(self, tag: int, most: int) -> str:
        """Return up to ``most`` characters of a text tag; an empty string if it is missing or has another type."""
        entry = self._readable(tag)
        if entry is None or entry.kind != _TEXT:
            return ""
        data = self.body[entry.start : entry.start + min(entry.count, most)]
        return data.decode("latin-1").rstrip("\0")

    def readable(self, tag: int) -> bool:
        """Tell whether a tag exists and its values are within the file."""
        return self._readable(tag) is not None

    def _readable(self, tag: int) -> Entry | None:
        entry = self.entries.get(tag)
        if entry is None or entry.count == 0 or entry.kind not in _SIZES:
            return None
        return entry if entry.start + entry.count * _SIZES[entry.kind] <= len(self.body) else None


def read_directory(body: bytes, most: int) -> Directory | None:
    """Return the first directory of a TIFF file or EXIF block, with up to ``most`` entries; None if there is none."""
    order = {b"II": "<", b"MM": ">"}.get(body[:2])
    if order is None or len(body) < 8:
        return None
    big = unpack_from(f"{order}H", body, 2)[0] == _BIG
    pointer, counter = Struct(f"{order}{'Q' if big else 'I'}"), Struct(f"{order}{'Q' if big else 'H'}")
    layout = Struct(f"{order}HH{'Q8s' if big else 'I4s'}")
    place = 8 if big else 4
    if len(body) < place + pointer.size:
        return None
    start = pointer.unpack_from(body, place)[0]
    if start + counter.size > len(body):
        return None
    first = start + counter.size
    count = min(counter.unpack_from(body, start)[0], most, (len(body) - first) // layout.size)
    entries: dict[int, Entry] = {}
    for at in range(first, first + count * layout.size, layout.size):
        tag, kind, values, field = layout.unpack_from(body, at)
        size = values * _SIZES.get(kind, 0)
        inline = at + layout.size - len(field)
        value = inline if size <= len(field) else pointer.unpack(field)[0]
        entries.setdefault(tag, Entry(kind, values, value, body[at : at + layout.size]))
    return Directory(body, order, big, entries)


def with_directory(directory: Directory, tags: frozenset[int]) -> bytes:
    """Return the file with one new directory of only these tags. Their values keep their positions."""
    body, order = directory.body, directory.order
    pointer, counter = (f"{order}Q", f"{order}Q") if directory.big else (f"{order}I", f"{order}H")
    kept = [directory.entries[tag].raw for tag in sorted(tags & directory.entries.keys()) if directory.readable(tag)]
    place = 8 if directory.big else 4
    padding = bytes(len(body) % 2)
    start = Struct(pointer).pack(len(body) + len(padding))
    made = padding + Struct(counter).pack(len(kept)) + b"".join(kept) + bytes(len(start))
    return b"".join((body[:place], start, memoryview(body)[place + len(start) :], made))
