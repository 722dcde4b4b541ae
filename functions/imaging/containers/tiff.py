"""TIFF: its first directory. Decoders get a file with only this directory, and only the tags that pixels need.

Strips and tiles are counted before they are read: a file of 60 MB can have 15 million, which take 30 s to decode.
"""

from typing import Final

from PIL import UnidentifiedImageError

from functions.imaging.codecs import open_image
from functions.imaging.containers.common import Inspection, check_size, too_complex, truncated
from functions.imaging.containers.exif import exif_of
from functions.imaging.containers.tags import Directory, read_directory, with_directory
from functions.imaging.faults import decoder_faults
from functions.imaging.limits import Limits
from functions.imaging.refusal import RefusedPictureError
from functions.imaging.signatures import RAW, refused_kind
from functions.shared.status import Reason

_SUBFILE: Final = 254
_OLD_SUBFILE: Final = 255
_WIDTH: Final = 256
_HEIGHT: Final = 257
_BITS: Final = 258
_COMPRESSION: Final = 259
_PHOTOMETRIC: Final = 262
_SAMPLES: Final = 277
_PLANES: Final = 284
_SUBSAMPLING: Final = 530
_STRIPS: Final = (273, 279)
"""Where each strip of rows begins, and how many bytes it has."""
_TILES: Final = (324, 325)
_PROFILE: Final = 34675

_PIECES: Final = frozenset({*_STRIPS, *_TILES})
_OF_PIXELS: Final = _PIECES | frozenset({
    _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, 263, 266, _SAMPLES, 278, 280, 281, 284, 292, 293, 317, 318, 319,
    320, 322, 323, 332, 338, 339, 340, 341, 347, *range(512, 522), 529, 530, 531, 532, _PROFILE, 50674,
})  # fmt: skip
"""Tags of TIFF 6.0 and its supplements that locate pixels, decompress them or define their colours. The others are
texts, densities, further directories and private data."""

_REDUCED: Final = 1
"""The bit of tag 254 that flags a reduced copy of another picture; in tag 255 that is the number 2."""

_RAW_TAGS: Final = frozenset({50_706, 50_740, 33_421, 33_422})
"""Tags of camera raw: DNG's version and private data, and the pattern of a sensor's colours (TIFF/EP)."""
_RAW_PHOTOMETRICS: Final = frozenset({32_803, 34_892})
"""A colour filter array, and linear raw."""
_RAW_COMPRESSIONS: Final = frozenset({32_767, 32_769, 32_770, 34_713, 65_000, 65_535})
"""Compressions of Sony, Epson, Samsung, Nikon, Kodak and Pentax."""
_CANON_RAW: Final = b"CR"
"""Bytes 8 and 9 of a CR2 file; its first page is a preview."""

_YCBCR: Final = 6
_JPEG: Final = 7
_ORDINARY_COMPRESSIONS: Final = frozenset({1, 2, 3, 4, 5, _JPEG, 8, 32_773, 32_946, 34_925, 50_000})
_ORDINARY_PHOTOMETRICS: Final = frozenset({0, 1, 2, 3, 5, _YCBCR, 8})

_MAX_VALUES: Final = 3 * 65_536
"""Most values of any other tag except the profile: a 16-bit palette has this many."""


def inspect_tiff(body: bytes, limits: Limits) -> Inspection:
    """Inspect the first page of a TIFF. Raises RefusedPictureError or EndOfFileError."""
    order = "little" if body.startswith(b"II") else "big"
    start = int.from_bytes(body[4:8], order)  # type: ignore[arg-type]
    if body[2:4] in {b"*\x00", b"\x00*"} and start >= len(body):
        raise truncated(100 * len(body) / start)
    directory = read_directory(body, limits.max_chunks)
    if directory is None:
        raise RefusedPictureError(Reason.CORRUPT, "The TIFF has no directory.")
    _check_is_picture(body, directory)
    _check_counts(directory, limits)
    width, height = directory.number(_WIDTH, 0), directory.number(_HEIGHT, 0)
    check_size(width, height, limits)
    starts, lengths = (
        directory.numbers(strips, limits.max_pieces) or directory.numbers(tiles, limits.max_pieces)
        for strips, tiles in zip(_STRIPS, _TILES, strict=True)
    )
    end = max((start + length for start, length in zip(starts, lengths, strict=False)), default=0)
    if end > len(body):
        raise truncated(100 * len(body) / end)
    kept = with_directory(directory, _OF_PIXELS)
    bits, photometric = directory.number(_BITS, 1), directory.number(_PHOTOMETRIC, 0)
    unsupported = (
        f"TIFF files are not accepted with {directory.number(_SAMPLES, 1)} x {bits} bits a pixel, photometric "
        f"{photometric} and compression {directory.number(_COMPRESSION, 1)}; 8-bit RGB is."
    )
    if not starts:
        unsupported = ""
    elif directory.number(_PLANES, 1) == 2 and bits > 8 and directory.number(_SAMPLES, 1) > 1:
        raise RefusedPictureError(
            Reason.UNSUPPORTED_FORMAT, f"TIFF files are not accepted with {bits} bits in separate planes; 8-bit RGB is."
        )
    try:
        with decoder_faults():
            open_image(kept, "TIFF").close()
    except RefusedPictureError as error:
        if unsupported and (isinstance(error.__cause__, UnidentifiedImageError) or not _is_ordinary(directory)):
            raise RefusedPictureError(Reason.UNSUPPORTED_FORMAT, unsupported) from error
        raise
    return Inspection(
        "TIFF",
        width,
        height,
        kept,
        exif_of(directory),
        bit_depth=bits,
        white_is_zero=photometric == 0,
        unsupported="" if _is_ordinary(directory) else unsupported,
    )


def _check_is_picture(body: bytes, directory: Directory) -> None:
    """Raise RefusedPictureError (UNSUPPORTED_FORMAT) for camera raw, and if the first page is a preview."""
    raw = (
        body[8:10] == _CANON_RAW
        or bool(_RAW_TAGS & directory.entries.keys())
        or directory.number(_PHOTOMETRIC, 0) in _RAW_PHOTOMETRICS
        or directory.number(_COMPRESSION, 1) in _RAW_COMPRESSIONS
    )
    if raw:
        raise refused_kind(RAW)
    if directory.number(_SUBFILE, 0) & _REDUCED or directory.number(_OLD_SUBFILE, 0) == 2:
        raise refused_kind("Camera raw files, and TIFF files whose first page is a preview,")


def _is_ordinary(directory: Directory) -> bool:
    """Tell whether the decoder reads pictures of this kind, so that one that it does not read is damaged."""
    compression, photometric = directory.number(_COMPRESSION, 1), directory.number(_PHOTOMETRIC, 0)
    if photometric == _YCBCR and compression != _JPEG and directory.numbers(_SUBSAMPLING, 2) != (1, 1):
        return False
    return compression in _ORDINARY_COMPRESSIONS and photometric in _ORDINARY_PHOTOMETRICS


def _check_counts(directory: Directory, limits: Limits) -> None:
    """Raise RefusedPictureError (TOO_COMPLEX) if a tag that decoders get has more values than a picture needs."""
    if any(directory.count(tag) > limits.max_pieces for tag in _PIECES):
        raise too_complex(f"The TIFF has more than {limits.max_pieces} strips or tiles.")
    for tag in _OF_PIXELS - _PIECES - {_PROFILE}:
        if directory.count(tag) > _MAX_VALUES:
            raise too_complex(f"The TIFF has a tag of more than {_MAX_VALUES} values.")
