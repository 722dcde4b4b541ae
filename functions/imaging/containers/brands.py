"""Tells AVIF from HEIC by the coding of the primary picture. Brands decide only if no item states the coding.

Phones, editors and sharing services write many brands (``mif1``, ``miaf``, ``mif3``, ``1pic`` …), and both formats use
most of them.
"""

from itertools import islice
from typing import Final

from functions.imaging.containers.boxes import boxes, brands, is_of_pictures, items_of
from functions.imaging.signatures import RAW, refused_kind

AVIF: Final = "AVIF"
HEIF: Final = "HEIF"

_FORMAT_OF_CODING: Final = {b"av01": AVIF, b"hvc1": HEIF, b"hev1": HEIF, b"lhv1": HEIF}
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"})
_PICTURE_BRANDS: Final = frozenset({b"mif1", b"msf1", b"miaf", b"mif2", b"mif3", b"1pic", b"unif"})
_GENERIC_BRANDS: Final = frozenset({b"mif1", b"msf1"})
"""Major brands that the libraries accept if the file also has one of the format's own brands."""
_RAW_BRAND: Final = b"crx "

_MAX_BOXES: Final = 256


def iso_format(body: bytes) -> str:
    """Return the format of an ISO base media file. Raises RefusedPictureError (UNSUPPORTED_FORMAT)."""
    major, all_brands = brands(body)
    if major == _RAW_BRAND:
        raise refused_kind(RAW)
    for box in islice(boxes(body, 0, len(body)), _MAX_BOXES):
        if box.kind == b"meta" and is_of_pictures(body, box):
            items = items_of(body, box)
            coding = items.kinds.get(items.coded)
            if coding in _FORMAT_OF_CODING:
                return _FORMAT_OF_CODING[coding]
            if coding is not None:
                name = coding.decode("latin-1")
                raise refused_kind(f"HEIF files with pictures of the coding {name!r}")
    if major in _AVIF_BRANDS or (major not in _HEIF_BRANDS and all_brands & _AVIF_BRANDS):
        return AVIF
    if all_brands & _HEIF_BRANDS or major in _PICTURE_BRANDS:
        return HEIF
    raise refused_kind("Videos")


def with_opened_brand(body: bytes, pillow_format: str, *, has_tracks: bool) -> bytes:
    """Return the file with a major brand that its library accepts; for AVIF, it selects items or tracks."""
    major, all_brands = brands(body)
    if pillow_format == HEIF:
        opened = _HEIF_BRANDS | (_GENERIC_BRANDS if all_brands & _HEIF_BRANDS else frozenset())
        return body if major in opened else body[:8] + b"heic" + body[12:]
    if has_tracks:
        opened = _AVIF_BRANDS | (_GENERIC_BRANDS if all_brands & _AVIF_BRANDS else frozenset())
        return body if major in opened else body[:8] + b"avis" + body[12:]
    return body[:8] + b"avif" + body[12:]
