"""Pillow's codecs, one at a time: the only place where files are opened.

Pillow imports all of its 45 plugins when it meets a format outside the first five, 100 ms on the first request;
importing the one plugin beforehand avoids that. Opening is limited to the format that the content showed.
"""

from importlib import import_module
from io import BytesIO
from typing import Final

from PIL import Image

_PLUGINS: Final = {
    "AVIF": "PIL.AvifImagePlugin",
    "BMP": "PIL.BmpImagePlugin",
    "GIF": "PIL.GifImagePlugin",
    "JPEG": "PIL.JpegImagePlugin",
    "PNG": "PIL.PngImagePlugin",
    "TIFF": "PIL.TiffImagePlugin",
    "WEBP": "PIL.WebPImagePlugin",
}

_WEBP_ANIMATED: Final = 0x02
_WEBP_ALPHA: Final = 0x10

HEIF: Final = "HEIF"
"""The name under which pillow-heif registers itself. Only optimize's zip carries that package."""


def load_codec(pillow_format: str) -> None:
    """Import what reads and writes one of Pillow's formats. Raises KeyError for one that nothing here uses."""
    if pillow_format == HEIF:
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
    else:
        import_module(_PLUGINS[pillow_format])


def open_image(body: bytes, pillow_format: str) -> Image.Image:
    """Open a file as ``pillow_format`` and nothing else; only its header is read.

    A hostile file raises much more than OSError here; decoding.py deals with those.
    """
    load_codec(pillow_format)
    if pillow_format == "WEBP":
        body = with_alpha_flag(body)
    return Image.open(BytesIO(body), formats=(pillow_format,))


def with_alpha_flag(body: bytes) -> bytes:
    """Return an animated WebP with the alpha flag of its header set; any other file as it is.

    libwebp's encoder leaves the flag out when no frame's own rectangle has transparent pixels, although the canvas
    around it has; Pillow then shows that as black. Decoding says in the end whether anything is transparent.
    """
    if body[12:16] != b"VP8X" or not body[20] & _WEBP_ANIMATED:
        return body
    return body[:20] + bytes([body[20] | _WEBP_ALPHA]) + body[21:]


def rendition_format(body: bytes) -> str:
    """Return the format of one of our own renditions. Raises ValueError if it is none."""
    if body.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "WEBP"
    raise ValueError("not a JPEG, PNG or WebP file")
