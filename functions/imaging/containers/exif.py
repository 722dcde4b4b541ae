"""Reads the three EXIF fields that are used: orientation, artist and copyright.

They are read from the first directory, because Pillow parses the whole block and raises if any other field has an
unexpected type or value.
"""

from dataclasses import dataclass
from typing import Final

from functions.imaging.containers.tags import Directory, read_directory

_PREFIX: Final = b"Exif\0\0"
_ORIENTATION: Final = 0x0112
ARTIST: Final = 0x013B
COPYRIGHT: Final = 0x8298
"""CIPA DC-008 (EXIF 2.32), 4.6.4 and 4.6.5."""

MAX_TAGS: Final = 1_024
"""Most entries of a directory that are read; cameras write about 20, editors up to 100."""

MAX_CHARACTERS: Final = 500
"""Longest rights field: a long text would exceed the picture in a rendition of 5 KB."""


@dataclass(frozen=True)
class Exif:
    """``orientation`` is 1 (upright) to 8. The texts are stripped; they are empty if missing."""

    orientation: int = 1
    artist: str = ""
    copyright: str = ""


def read_exif(block: bytes) -> Exif:
    """Parse an EXIF block, with or without its prefix; return the defaults if it is invalid. Never raises."""
    directory = read_directory(block.removeprefix(_PREFIX), MAX_TAGS)
    return Exif() if directory is None else exif_of(directory)


def exif_of(directory: Directory) -> Exif:
    """Return the fields of a directory, of an EXIF block or of a TIFF file."""
    orientation = directory.number(_ORIENTATION, 1)
    artist, rights = (
        directory.text(tag, MAX_CHARACTERS + 1).strip("\0 ")[:MAX_CHARACTERS] for tag in (ARTIST, COPYRIGHT)
    )
    return Exif(orientation if 1 <= orientation <= 8 else 1, artist, rights)
