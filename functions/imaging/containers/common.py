"""Shared by all containers: the result, the checks of limits, and reading numbers from bytes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from struct import Struct
from typing import Final

from functions.imaging.colorimetry import Colorimetry
from functions.imaging.compositing import Animation
from functions.imaging.containers.exif import Exif
from functions.imaging.limits import MEGAPIXEL, MIB, Limits
from functions.imaging.refusal import RefusedPictureError
from functions.shared.errors import CALLER, ImageScalerError
from functions.shared.status import Reason

U16: Final = Struct(">H")
U32: Final = Struct(">I")
U16_LE: Final = Struct("<H")
U32_LE: Final = Struct("<I")


Crop = tuple[int, int, int, int]
"""Left, top, right and lower edge in px."""


@dataclass(frozen=True)
class Inspection:
    """A file that can be decoded. ``format`` is Pillow's name; the size in px is without orientation.

    ``body`` is the file for the decoder: only the parts that pixels need, so texts, tags and comments do not reach a
    library. ``exif`` has the metadata that is used. ``frames`` is the number in the container; decoding counts again.
    ``animation`` are the frames that compositing.py draws; such a file has no ``body``. ``bit_depth`` is bits per
    sample if the format has it, otherwise 8. ``white_is_zero`` applies to grey of more than 8 bits; Pillow inverts the
    others itself.

    ``profile`` is an ICC profile that the decoder does not get, ``colorimetry`` what the file states without a profile.
    ``crop`` is applied before the orientation. ``opaque_if_clear`` says that alpha which is 0 everywhere means none.
    ``unsupported`` is the sentence of the refusal if the file is sound, but the decoder cannot read it.
    """

    format: str
    width: int
    height: int
    body: bytes = field(repr=False)
    exif: Exif = field(default_factory=Exif)
    frames: int = 1
    animation: Animation | None = None
    bit_depth: int = 8
    white_is_zero: bool = False
    profile: bytes = field(default=b"", repr=False)
    colorimetry: Colorimetry | None = None
    crop: Crop | None = None
    opaque_if_clear: bool = False
    unsupported: str = ""


def joined(body: bytes, spans: Iterable[tuple[int, int]]) -> bytes:
    """Return the concatenated parts of a file; each span is a start and an end."""
    whole = memoryview(body)
    return b"".join(whole[start:end] for start, end in spans)


def check_bytes(size: int, limits: Limits) -> None:
    """Raise RefusedPictureError (TOO_LARGE) for a file of more bytes than allowed."""
    if size > limits.max_bytes:
        raise RefusedPictureError(
            Reason.TOO_LARGE,
            f"The file has {_visibly_over(size, MIB)} MiB; at most {limits.max_bytes / MIB:g} MiB are accepted.",
        )


def check_size(width: int, height: int, limits: Limits) -> None:
    """Raise RefusedPictureError for a frame without pixels (CORRUPT) or with too many (TOO_MANY_PIXELS)."""
    if width < 1 or height < 1:
        raise RefusedPictureError(Reason.CORRUPT, "The picture has no pixels.")
    if max(width, height) > limits.max_side_px:
        raise RefusedPictureError(
            Reason.TOO_MANY_PIXELS,
            f"The picture is {width} x {height} px; a side may have at most {limits.max_side_px} px.",
        )
    if width * height > limits.max_pixels:
        raise RefusedPictureError(
            Reason.TOO_MANY_PIXELS,
            f"The picture has {_visibly_over(width * height, MEGAPIXEL)} megapixels; "
            f"at most {limits.max_pixels / MEGAPIXEL:g} are accepted.",
        )


def check_frames(frames: int, width: int, height: int, limits: Limits) -> None:
    """Raise RefusedPictureError for an animation of too many frames (TOO_MANY_FRAMES) or pixels in all."""
    if frames > limits.max_frames:
        raise RefusedPictureError(
            Reason.TOO_MANY_FRAMES, f"The animation has more than {limits.max_frames} frames, the most accepted."
        )
    if frames > 1 and frames * width * height > limits.max_animation_pixels:
        pixels = _visibly_over(frames * width * height, MEGAPIXEL)
        raise RefusedPictureError(
            Reason.TOO_MANY_PIXELS,
            f"The animation's {frames} frames have {pixels} megapixels together; "
            f"at most {limits.max_animation_pixels / MEGAPIXEL:g} are accepted.",
        )


def _visibly_over(amount: int, unit: int) -> str:
    """Return an amount in units, rounded up to a tenth, so one byte above 64 MiB is shown as more than 64."""
    return f"{ceil(10 * amount / unit) / 10:.1f}"


class EndOfFileError(ImageScalerError):
    """The file ends inside its header; inspection.py refuses it."""

    handled = (CALLER,)


def truncated(percent: float | None = None) -> RefusedPictureError:
    """Return the refusal of a truncated file, with the percentage that is present if it is known."""
    if percent is None:
        return RefusedPictureError(Reason.CORRUPT, "The file ends before the picture is complete.")
    whole = min(99, max(0, int(percent)))
    return RefusedPictureError(Reason.CORRUPT, f"The file ends after {whole} % of the picture.")


def too_complex(detail: str) -> RefusedPictureError:
    """Return the refusal of a file that takes too much work to decode."""
    return RefusedPictureError(Reason.TOO_COMPLEX, detail)


def read(layout: Struct, body: bytes, position: int) -> int:
    """Return the number at ``position``. Raises EndOfFileError."""
    if position + layout.size > len(body):
        raise EndOfFileError
    return int(layout.unpack_from(body, position)[0])
