"""Encodes stills with slower encoders, for variants that are stored and delivered often.

At the same quality number, a slower encoder has a different score. ``QUALITY_OFFSET`` is added to the first file's
quality, so that the refined file has the same score; `python -m benchmarks.refinement` measures it (docs/adr/0037).
"""

from typing import Final

from mozjpeg_lossless_optimization import COPY_MARKERS, optimize
from PIL import Image

from functions.imaging.encoding import LosslessEffort, encode_avif, encode_lossless_webp, encode_still
from functions.imaging.flatness import is_flat
from functions.imaging.picture import DecodedPicture

WEBP_METHOD: Final = 6
"""libwebp's slowest method: 50 to 130 ms at 800 px."""

AVIF_SPEED: Final = 6
"""180 to 690 ms at 800 px, for 14 % fewer bytes than speed 9. Speed 5 saves up to 6 % more and takes five times as
long."""

QUALITY_OFFSET: Final = {"webp": 0, "avif": -3}


def refined_jpeg(body: bytes) -> bytes:
    """Return a JPEG with the same pixels as ``body`` in progressive scans and with optimal Huffman tables.

    No coefficient changes; the rights fields are kept. Raises ValueError for bytes that are not a JPEG.
    """
    return bytes(optimize(body, copy=COPY_MARKERS.ALL))


def encode_refined(picture: DecodedPicture, image_format: str, quality: int) -> bytes:
    """Encode a still as ``webp`` or ``avif``; ``quality`` is that of the first file. Raises KeyError for another
    format."""
    image, encoder_quality = picture.frames[0], max(1, quality + QUALITY_OFFSET[image_format])
    if image_format == "avif":
        return encode_avif(image, encoder_quality, picture.rights, speed=AVIF_SPEED)
    return _webp(image, encoder_quality, picture.rights)


def _webp(image: Image.Image, quality: int, rights: bytes) -> bytes:
    body = encode_still(image, "WEBP", rights, quality=quality, method=WEBP_METHOD)
    if not is_flat(image):
        return body
    return min(body, encode_lossless_webp(image, rights, effort=LosslessEffort.REFINED), key=len)
