"""Loads Pillow's codecs one at a time and opens files; no other module opens files.

For a format outside the first five Pillow imports all of its 45 plugins, which takes 100 ms on the first request.
Importing the one plugin first avoids that. A file is opened only as the format of its signature.
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
"""The format name of pillow-heif. Only optimize's zip contains that package."""


def load_codec(pillow_format: str) -> None:
    """Import the codec of one of Pillow's formats. Raises KeyError for a format that is not used here."""
    if pillow_format == HEIF:
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
    else:
        import_module(_PLUGINS[pillow_format])


def open_image(body: bytes, pillow_format: str) -> Image.Image:
    """Open a file as ``pillow_format``; only its header is read.

    A hostile file can raise many kinds of errors; see faults.py.
    """
    load_codec(pillow_format)
    if pillow_format == "WEBP":
        body = with_alpha_flag(body)
    return Image.open(BytesIO(body), formats=(pillow_format,))


def with_alpha_flag(body: bytes) -> bytes:
    """Return an animated WebP with the alpha flag of its header set; return any other file unchanged.

    libwebp's encoder omits the flag if no frame's rectangle has transparent pixels, although the canvas around it is
    transparent; Pillow then shows black. Decoding shows whether any pixel is transparent.
    """
    if body[12:16] != b"VP8X" or not body[20] & _WEBP_ANIMATED:
        return body
    return body[:20] + bytes([body[20] | _WEBP_ALPHA]) + body[21:]


def rendition_format(body: bytes) -> str:
    """Return the format of a rendition. Raises ValueError for any other file."""
    if body.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "WEBP"
    raise ValueError("not a JPEG, PNG or WebP file")
