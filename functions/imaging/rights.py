"""Who made a picture and who holds its rights: the only metadata that can be kept, and only where a stage says so.

Everything else, positions and cameras above all, is never written again.
"""

from PIL import Image

from functions.imaging.containers.exif import ARTIST, COPYRIGHT, Exif


def rights_block(exif: Exif) -> bytes:
    """Return an EXIF block with just the rights fields; empty if there are none."""
    kept = Image.Exif()
    for tag, text in ((ARTIST, exif.artist), (COPYRIGHT, exif.copyright)):
        if text:
            kept[tag] = text
    return kept.tobytes() if len(kept) else b""
