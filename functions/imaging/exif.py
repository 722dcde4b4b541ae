"""The three fields of EXIF that are used: which way is up, who made the picture, who holds its rights.

They are read straight from the block's first directory, so that nothing else in it can decide over pixels: Pillow
parses all of it, and raises where one of a hundred other fields has an odd type or value.
"""

from dataclasses import dataclass
from typing import Final

from functions.imaging.containers.tags import Directory, read_directory

_PREFIX: Final = b"Exif\0\0"
_ORIENTATION: Final = 0x0112
ARTIST: Final = 0x013B
COPYRIGHT: Final = 0x8298
"""CIPA DC-008 (EXIF 2.32), 4.6.4 and 4.6.5."""

MOST_TAGS: Final = 1_024
"""Entries of a directory that are read: cameras write about 20, editors up to 100."""

MAX_CHARACTERS: Final = 500
"""Of each rights field; a rendition of 5 KB should not carry a novel."""


@dataclass(frozen=True)
class Exif:
    """``orientation`` is 1 (upright) to 8; the texts are stripped, and empty where there is none."""

    orientation: int = 1
    artist: str = ""
    copyright: str = ""


def read_exif(block: bytes) -> Exif:
    """Return what an EXIF block says, with or without its prefix; the defaults where it cannot be read."""
    directory = read_directory(block.removeprefix(_PREFIX), MOST_TAGS)
    return Exif() if directory is None else exif_of(directory)


def exif_of(directory: Directory) -> Exif:
    """Return what a directory says: that of an EXIF block, or a TIFF's own."""
    orientation = directory.number(_ORIENTATION, 1)
    artist, rights = (
        directory.text(tag, MAX_CHARACTERS + 1).strip("\0 ")[:MAX_CHARACTERS] for tag in (ARTIST, COPYRIGHT)
    )
    return Exif(orientation if 1 <= orientation <= 8 else 1, artist, rights)
