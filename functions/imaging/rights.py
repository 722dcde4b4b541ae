"""Who made a picture and who holds its rights: the only metadata that can be kept, and only where a stage says so.

Everything else, positions and cameras above all, is never written again.
"""

from typing import Final

from PIL import Image

from functions.imaging.faults import decoder_faults

FIELDS: Final = (0x013B, 0x8298)
"""EXIF's tags Artist and Copyright (CIPA DC-008, 4.6.5)."""

MAX_CHARACTERS: Final = 500
"""Of each field; a rendition of 5 KB should not carry a novel."""


def rights_of(image: Image.Image) -> bytes:
    """Return an EXIF block with an opened picture's rights fields and nothing else; empty if it has none.

    Raises RefusedPictureError (CORRUPT) for EXIF that cannot be read.
    """
    with decoder_faults():  # Pillow reads a field's value when it is asked for
        exif = image.getexif()
        found = {tag: exif.get(tag) for tag in FIELDS}
    kept = Image.Exif()
    for tag, value in found.items():
        if isinstance(value, str) and value.strip("\0 "):
            kept[tag] = value.strip("\0 ")[:MAX_CHARACTERS]
    return kept.tobytes() if len(kept) else b""
