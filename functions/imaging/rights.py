"""Artist and copyright: the only metadata that can be kept, if a stage is configured so.

All other metadata, such as positions and camera models, is dropped.
"""

from PIL import Image

from functions.imaging.containers.exif import ARTIST, COPYRIGHT, Exif


def rights_block(exif: Exif) -> bytes:
    """Return an EXIF block with only the rights fields; empty if there are none."""
    kept = Image.Exif()
    for tag, text in ((ARTIST, exif.artist), (COPYRIGHT, exif.copyright)):
        if text:
            kept[tag] = text
    return kept.tobytes() if len(kept) else b""
