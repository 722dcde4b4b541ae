"""TIFF: its first directory. Decoders get a file with only this directory, and only the tags that pixels need.

Strips and tiles are counted before they are read: a file of 60 MB can have 15 million, which take 30 s to decode.
"""

from typing import Final

from PIL import UnidentifiedImageError

from functions.imaging.codecs import open_image
from functions.imaging.containers.common import Inspection, check_icc, check_size, too_complex, truncated
from functions.imaging.containers.exif import exif_of
from functions.imaging.containers.tags import Directory, read_directory, with_directory
from functions.imaging.faults import decoder_faults
from functions.imaging.limits import Limits
from functions.imaging.refusal import RefusedPictureError
from functions.shared.contracts import Reason

_WIDTH: Final = 256
_HEIGHT: Final = 257
_BITS: Final = 258
_COMPRESSION: Final = 259
_PHOTOMETRIC: Final = 262
_SAMPLES: Final = 277
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

_MOST_VALUES: Final = 3 * 65_536
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
    bits, photometric = directory.number(_BITS, 1), directory.number(_PHOTOMETRIC, 0)
    kept = with_directory(directory, _OF_PIXELS)
    with decoder_faults():
        try:
            open_image(kept, "TIFF").close()
        except UnidentifiedImageError as error:
            if not starts:
                raise
            raise RefusedPictureError(
                Reason.UNSUPPORTED_FORMAT,
                f"TIFF files are not accepted with {directory.number(_SAMPLES, 1)} x {bits} bits a pixel, photometric "
                f"{photometric} and compression {directory.number(_COMPRESSION, 1)}; 8-bit RGB is.",
            ) from error
    return Inspection("TIFF", width, height, kept, exif_of(directory), bit_depth=bits, white_is_zero=photometric == 0)


def _check_counts(directory: Directory, limits: Limits) -> None:
    """Raise RefusedPictureError (TOO_COMPLEX) if a tag that decoders get has more values than a picture needs."""
    if any(directory.count(tag) > limits.max_pieces for tag in _PIECES):
        raise too_complex(f"The TIFF has more than {limits.max_pieces} strips or tiles.")
    check_icc(directory.count(_PROFILE), limits)
    for tag in _OF_PIXELS - _PIECES - {_PROFILE}:
        if directory.count(tag) > _MOST_VALUES:
            raise too_complex(f"The TIFF has a tag of more than {_MOST_VALUES} values.")
