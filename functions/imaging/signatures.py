"""Detects the format of a file by its content, and compares it with the declared media type."""

import re
from typing import Final

from functions.imaging.refusal import RefusedPictureError
from functions.shared.contracts import Reason

ACCEPTED: Final = "JPEG, PNG, GIF, WebP, AVIF, HEIC, TIFF and BMP"

MEDIA_TYPES: Final[dict[str, frozenset[str]]] = {
    "JPEG": frozenset({"image/jpeg", "image/jpg", "image/pjpeg", "image/mpo"}),
    "PNG": frozenset({"image/png", "image/apng", "image/x-png", "image/vnd.mozilla.apng"}),
    "GIF": frozenset({"image/gif"}),
    "WEBP": frozenset({"image/webp"}),
    "AVIF": frozenset({"image/avif", "image/avif-sequence"}),
    "HEIF": frozenset({"image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence"}),
    "TIFF": frozenset({"image/tiff", "image/tiff-fx", "image/tif"}),
    "BMP": frozenset({"image/bmp", "image/x-bmp", "image/x-ms-bmp"}),
}
"""Media types of each format: the registered ones and those that browsers and phones send."""

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

_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"})
_GENERIC_BRANDS: Final = frozenset({b"mif1", b"msf1", b"miaf", b"mif2"})

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
)

_MARKUP: Final = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<", re.ASCII)
_MARKUP_WINDOW: Final = 4096
"""Bytes at the start of a text file that are searched for its root element."""


def format_of(body: bytes) -> str:
    """Return Pillow's name of the file's format. Raises RefusedPictureError (UNSUPPORTED_FORMAT)."""
    for signature, name in _ACCEPTED_SIGNATURES:
        if body.startswith(signature):
            return name
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "WEBP"
    if body[4:8] == b"ftyp" and (brand := _iso_format(body)) is not None:
        return brand
    raise RefusedPictureError(Reason.UNSUPPORTED_FORMAT, f"{_foreign_name(body)} are not accepted; send {ACCEPTED}.")


def check_declared_type(pillow_format: str, content_type: str) -> None:
    """Compare the format with a declared media type, if that is an image type.

    Raises RefusedPictureError (TYPE_MISMATCH).
    """
    declared = content_type.partition(";")[0].strip().lower()
    if not declared.startswith("image/") or declared == "image/*" or declared in MEDIA_TYPES[pillow_format]:
        return
    name = "HEIC" if pillow_format == "HEIF" else pillow_format
    raise RefusedPictureError(Reason.TYPE_MISMATCH, f"The file was declared as {declared} but is {name}.")


def _iso_format(body: bytes) -> str | None:
    """Return the format of an ISO base media file by its brands: the major one first, then the compatible ones."""
    length = min(int.from_bytes(body[:4], "big"), 1024)
    major = body[8:12]
    compatible = {body[start : start + 4] for start in range(16, length, 4)}
    if major in _AVIF_BRANDS or (major in _GENERIC_BRANDS and compatible & _AVIF_BRANDS):
        return "AVIF"
    if major in _HEIF_BRANDS or (major in _GENERIC_BRANDS and (compatible & _HEIF_BRANDS or major != b"miaf")):
        return "HEIF"
    return None


def _foreign_name(body: bytes) -> str:
    for signature, name in _FOREIGN:
        if body.startswith(signature):
            return name
    head = body[:_MARKUP_WINDOW]
    if b"<svg" in head.lower():
        return "SVG pictures"
    if _MARKUP.match(head):
        return "HTML and XML documents"
    if body[4:8] == b"ftyp":
        return "Videos"
    return "Files of this kind"
