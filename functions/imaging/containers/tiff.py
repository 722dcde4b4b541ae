"""TIFF: its first directory, as Pillow reads it."""

from typing import Any, Final

from PIL import UnidentifiedImageError

from functions.imaging.codecs import open_image, tiff_directory
from functions.imaging.containers.common import Inspection, check_icc, check_size, truncated
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
_TAGS: Final = (_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, *_STRIPS, *_TILES)


def inspect_tiff(body: bytes, limits: Limits) -> Inspection:
    """Inspect the first page of a TIFF. Raises RefusedPictureError or EndOfFileError."""
    order = "little" if body.startswith(b"II") else "big"
    start = int.from_bytes(body[4:8], order)  # type: ignore[arg-type]
    if body[2:4] in {b"*\x00", b"\x00*"} and start >= len(body):
        raise truncated(100 * len(body) / start)
    with decoder_faults():
        directory = tiff_directory(body)
        values = {tag: directory.get(tag) for tag in _TAGS}
        profile = directory.get(_PROFILE)
    tags = {tag: _numbers(value) for tag, value in values.items()}
    width, height = _first(tags[_WIDTH], 0), _first(tags[_HEIGHT], 0)
    check_size(width, height, limits)
    check_icc(len(profile) if isinstance(profile, bytes) else 0, limits)
    starts, lengths = (tags[strips] or tags[tiles] for strips, tiles in zip(_STRIPS, _TILES, strict=True))
    end = max((start + length for start, length in zip(starts, lengths, strict=False)), default=0)
    if end > len(body):
        raise truncated(100 * len(body) / end)
    bits, photometric = _first(tags[_BITS], 1), _first(tags[_PHOTOMETRIC], 0)
    with decoder_faults():
        try:
            open_image(body, "TIFF").close()
        except UnidentifiedImageError as error:
            if not starts:
                raise
            raise RefusedPictureError(
                Reason.UNSUPPORTED_FORMAT,
                f"TIFF files are not accepted with {_first(tags[_SAMPLES], 1)} x {bits} bits a pixel, photometric "
                f"{photometric} and compression {_first(tags[_COMPRESSION], 1)}; 8-bit RGB is.",
            ) from error
    return Inspection("TIFF", width, height, bit_depth=bits, white_is_zero=photometric == 0)


def _numbers(value: Any) -> tuple[int, ...]:
    """Return a tag's whole numbers; a hostile file may give text where a size should stand."""
    values = value if isinstance(value, tuple) else (value,)
    return tuple(number for number in values if isinstance(number, int))


def _first(numbers: tuple[int, ...], default: int) -> int:
    return numbers[0] if numbers else default
