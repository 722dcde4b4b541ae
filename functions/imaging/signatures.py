"""Detects the format of a file by its content, and checks the declared media type."""

import re
from typing import Final

from functions.imaging.refusal import RefusedPictureError
from functions.shared.status import Reason

ACCEPTED: Final = "JPEG, PNG, GIF, WebP, AVIF, HEIC, TIFF and BMP"

ISO: Final = "ISO"
"""The name for ISO base media files."""

_UNSPECIFIC: Final = frozenset({"", "application/octet-stream", "binary/octet-stream"})
"""Declared types that say nothing: none, and what S3 and HTTP clients send by default."""

_ACCEPTED_SIGNATURES: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"BM", "BMP"),
)

RAW: Final = "Camera raw files"

_FOREIGN: Final = (
    (b"%PDF", "PDF documents"),
    (b"%!", "PostScript files"),
    (b"\xc5\xd0\xd3\xc6", "PostScript files"),
    (b"#!", "Scripts"),
    (b"MZ", "Programs"),
    (b"\x7fELF", "Programs"),
    (b"PK\x03\x04", "Archives"),
    (b"\x1f\x8b", "Compressed files"),
    (b"8BPS", "Photoshop files"),
    (b"MM\x00+", "Big-endian BigTIFF files"),  # Pillow misreads their header
    (b"\x00\x00\x01\x00", "Icon files"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000 files"),
    (b"\xff\x4f\xff\x51", "JPEG 2000 files"),
    (b"\xff\x0a", "JPEG XL files"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL files"),
    (b"\x1aE\xdf\xa3", "Videos"),
    *((signature, RAW) for signature in (
        b"IIRO", b"IIRS", b"MMOR", b"IIU\x00", b"FUJIFILMCCD-RAW", b"FOVb", b"\x00MRM", b"II\x1a\x00\x00\x00HEAPCCDR",
    )),
)  # fmt: skip

_MARKUP: Final = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<", re.ASCII)
_MARKUP_WINDOW: Final = 4096
"""Bytes at the start of a text file that are searched for its root element."""


def format_of(body: bytes) -> str:
    """Return Pillow's name of the file's format; ISO for AVIF and HEIC, which containers/brands.py tells apart.

    Raises RefusedPictureError (UNSUPPORTED_FORMAT).
    """
    for signature, name in _ACCEPTED_SIGNATURES:
        if body.startswith(signature):
            return name
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "WEBP"
    if body[4:8] == b"ftyp":
        return ISO
    raise refused_kind(_foreign_name(body))


def check_declared_type(content_type: str) -> None:
    """Check that the declared media type is an image type, or says nothing.

    The content decides which image type a file has: browsers and phones derive the declared type from the name.
    Raises RefusedPictureError (TYPE_MISMATCH).
    """
    declared = content_type.partition(";")[0].strip().lower()
    if declared not in _UNSPECIFIC and not declared.startswith("image/"):
        raise RefusedPictureError(Reason.TYPE_MISMATCH, f"The file was declared as {declared}, which is no image type.")


def refused_kind(name: str) -> RefusedPictureError:
    """Return the refusal of files of a kind (in the plural) that is not accepted."""
    return RefusedPictureError(Reason.UNSUPPORTED_FORMAT, f"{name} are not accepted; send {ACCEPTED}.")


def _foreign_name(body: bytes) -> str:
    for signature, name in _FOREIGN:
        if body.startswith(signature):
            return name
    head = body[:_MARKUP_WINDOW]
    if b"<svg" in head.lower():
        return "SVG pictures"
    if _MARKUP.match(head):
        return "HTML and XML documents"
    return "Files of this kind"
