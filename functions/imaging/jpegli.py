"""JPEG by jpegli: baseline, 4:2:0, 10 to 15 % smaller than libjpeg-turbo's files for most photographs (docs/adr/0035).

The package writes neither JFIF nor EXIF; both are added here. Some decoders look for JFIF to know that a file is YCbCr.
"""

from typing import Final

from PIL import Image

QUALITY_OFFSET: Final = 4
"""Added to a quality on libjpeg's scale: photographs then have the same number of bytes (geometric mean of six) and
score higher."""

_START: Final = b"\xff\xd8"
_JFIF: Final = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
"""Version 1.1, square pixels, no thumbnail."""

_APP1: Final = b"\xff\xe1"
_LENGTH_BYTES: Final = 2
"""A segment's length includes its own two bytes."""


def encode_with_jpegli(image: Image.Image, quality: int, exif: bytes = b"") -> bytes | None:
    """Encode an RGB image; None if the package is missing or fails: libjpeg-turbo then encodes it.

    ``quality`` is 1 to 100 on libjpeg's scale; ``exif`` is an EXIF block of less than 64 KiB.
    """
    try:
        import pyjpegli

        scaled = min(quality + QUALITY_OFFSET, 100)
        body: bytes = pyjpegli.encode(image.tobytes(), image.width, image.height, quality=scaled)
    except (ImportError, RuntimeError):
        return None
    segment = _APP1 + (len(exif) + _LENGTH_BYTES).to_bytes(_LENGTH_BYTES, "big") + exif if exif else b""
    return _START + _JFIF + segment + body.removeprefix(_START)
