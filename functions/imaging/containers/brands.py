"""Tells AVIF from HEIC by the coding of the primary picture. Brands count only where no item says it.

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
_RAW_BRAND: Final = b"crx "

_OPENED: Final = {
    AVIF: _AVIF_BRANDS | {b"mif1", b"msf1"},
    HEIF: _HEIF_BRANDS | {b"mif1", b"msf1"},
}
"""The major brands with which the libraries open a file of each format."""

_MOST_BOXES: Final = 256


def iso_format(body: bytes) -> str:
    """Return the format of an ISO base media file. Raises RefusedPictureError (UNSUPPORTED_FORMAT)."""
    major, all_brands = brands(body)
    if major == _RAW_BRAND:
        raise refused_kind(RAW)
    for box in islice(boxes(body, 0, len(body)), _MOST_BOXES):
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


def with_opened_brand(body: bytes, pillow_format: str) -> bytes:
    """Return the file with a major brand that the format's library opens."""
    major, all_brands = brands(body)
    wanted = _AVIF_BRANDS if pillow_format == AVIF else _HEIF_BRANDS
    if major in wanted or (major in _OPENED[pillow_format] and all_brands & wanted):
        return body
    sequence = major == b"msf1" or b"msf1" in all_brands
    brand = (b"avis" if sequence else b"avif") if pillow_format == AVIF else b"heic"
    return body[:8] + brand + body[12:]
