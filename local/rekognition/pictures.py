"""Analyzes a picture: its format and size, and the features that identify a known picture.

The signature is a difference hash (dHash, 64 bits): the picture as 9 by 8 grey fields, with one bit for each pair of
neighbours that gets brighter. It is stable under scaling and re-encoding, so a sample is recognised in its proxy. The
thumbnail, 16 by 12 grey levels, is compared by correlation and recognises a picture that is faint, inverted, or hidden
in alpha.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import png  # type: ignore[import-untyped]
import simplejpeg  # type: ignore[import-untyped]

GRID_WIDTH: Final = 9
GRID_HEIGHT: Final = 8
SAME_PICTURE_BITS: Final = 6
"""The most differing bits, of 64, of two signatures of the same picture."""

THUMBNAIL_WIDTH: Final = 16
THUMBNAIL_HEIGHT: Final = 12
SAME_PICTURE_CORRELATION: Final = 0.9
"""The lowest correlation, positive or negative, of two thumbnails of the same picture."""

FAINTEST_SPREAD: Final = 1.0
"""Standard deviation, in levels, below which a thumbnail counts as empty."""

Thumbnail = npt.NDArray[np.float64]

_JPEG_SIGNATURE: Final = b"\xff\xd8\xff"
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_LUMA: Final = np.array([0.299, 0.587, 0.114])


MAX_PIXELS: Final = 10_000 * 10_000
"""Pixels of the largest picture that Rekognition accepts; larger ones are not decoded."""


class UnreadablePictureError(Exception):
    """The bytes are not a decodable JPEG or PNG."""


@dataclass(frozen=True)
class SeenPicture:
    """Width and height in px of a picture, its signature and its thumbnail."""

    width: int
    height: int
    signature: int
    thumbnail: Thumbnail


def look_at(body: bytes) -> SeenPicture:
    """Decode a JPEG or PNG. Raises UnreadablePictureError."""
    if body.startswith(_JPEG_SIGNATURE):
        grey = _decode_jpeg(body)
    elif body.startswith(_PNG_SIGNATURE):
        grey = _decode_png(body)
    else:
        raise UnreadablePictureError("neither a JPEG nor a PNG")
    height, width = grey.shape
    return SeenPicture(width, height, signature_of(grey), thumbnail_of(grey))


def signature_of(grey: npt.NDArray[np.float64]) -> int:
    """Return the difference hash of a grey picture of any size."""
    bits = 0
    for row in _fields(grey, GRID_WIDTH, GRID_HEIGHT):
        for left, right in pairwise(row):
            bits = bits << 1 | int(right > left + 1.0)  # a tolerance of one grey level: flat fields give zero
    return bits


def thumbnail_of(grey: npt.NDArray[np.float64]) -> Thumbnail:
    """Return a grey picture of any size as 12 rows of 16 levels."""
    return _fields(grey, THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT)


def is_same(one: int, other: int) -> bool:
    """Return whether two signatures belong to the same picture."""
    return (one ^ other).bit_count() <= SAME_PICTURE_BITS


def shows_same(one: Thumbnail, other: Thumbnail) -> bool:
    """Return whether two thumbnails show the same picture, even if it is faint or inverted."""
    if min(one.std(), other.std()) < FAINTEST_SPREAD:
        return False
    return bool(abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) >= SAME_PICTURE_CORRELATION)


def _fields(grey: npt.NDArray[np.float64], width: int, height: int) -> npt.NDArray[np.float64]:
    """Return the mean levels of a picture's fields, 0 for fields outside a small picture."""
    rows = np.array_split(np.arange(grey.shape[0]), height)
    columns = np.array_split(np.arange(grey.shape[1]), width)
    return np.array(
        [[grey[np.ix_(row, column)].mean() if len(row) and len(column) else 0.0 for column in columns] for row in rows]
    )


def _decode_jpeg(body: bytes) -> npt.NDArray[np.float64]:
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(body)
        if height * width > MAX_PIXELS:
            raise UnreadablePictureError(f"{width} x {height} px")
        pixels = simplejpeg.decode_jpeg(body, colorspace="GRAY")
    except ValueError as error:
        raise UnreadablePictureError(str(error)) from error
    return np.asarray(pixels, dtype=np.float64)[:, :, 0]


def _decode_png(body: bytes) -> npt.NDArray[np.float64]:
    try:
        width, height, rows, _ = png.Reader(bytes=body).asRGBA8()
        if height * width > MAX_PIXELS:
            raise UnreadablePictureError(f"{width} x {height} px")
        pixels = np.vstack([np.frombuffer(bytes(row), dtype=np.uint8) for row in rows])
    except (png.Error, ValueError) as error:
        raise UnreadablePictureError(str(error)) from error
    rgb: npt.NDArray[np.float64] = pixels.reshape(height, width, 4)[:, :, :3].astype(np.float64)
    return np.asarray(rgb @ _LUMA, dtype=np.float64)
