"""The values used from an opened file's ``info``, checked and clamped. No other module reads ``info``.

Pillow stores a file's own statements there, in types that the file determines. A value of an unexpected type is treated
as missing, and numbers are clamped to the range that output formats can store.
"""

from dataclasses import dataclass
from typing import Any, Final

from PIL import Image

from functions.imaging.limits import LONGEST_FRAME_MS, MAX_PLAYS

Transparency = int | bytes | tuple[int, ...] | None
"""A transparent level, the alpha values of a palette, or a transparent colour; None if there is none."""

_GIF: Final = "GIF"


@dataclass(frozen=True)
class Facts:
    """``duration_ms`` is that of the current frame, 0 if it has none; ``plays`` is the number of plays, 0 for infinite.

    ``profile`` and ``exif`` are the file's blocks, empty if there are none.
    """

    duration_ms: int
    plays: int
    profile: bytes
    exif: bytes
    transparency: Transparency


def facts_of(image: Image.Image) -> Facts:
    """Return the facts of an opened file and its current frame."""
    info = image.info
    return Facts(
        duration_ms=_whole(info.get("duration"), LONGEST_FRAME_MS) or 0,
        plays=_plays(info.get("loop"), image.format),
        profile=_block(info.get("icc_profile")),
        exif=_block(info.get("exif")),
        transparency=_transparency(info.get("transparency")),
    )


def clear_info(image: Image.Image, *, keep: Transparency = None) -> None:
    """Empty the ``info`` of a loaded image except for the transparency, which Pillow needs to convert pixels."""
    image.info = {} if keep is None else {"transparency": keep}


def _plays(loop: Any, image_format: str | None) -> int:
    """Return the number of plays. A GIF counts repetitions, so it plays once more; without a count it plays once."""
    count = _whole(loop, MAX_PLAYS)
    if image_format == _GIF:
        return 1 if count is None else min(count + 1, MAX_PLAYS) if count else 0
    return count or 0


def _whole(value: Any, most: int) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return round(min(max(value, 0), most)) if value == value else None  # noqa: PLR0124 - NaN is not itself


def _block(value: Any) -> bytes:
    return value if isinstance(value, bytes) else b""


def _transparency(value: Any) -> Transparency:
    if isinstance(value, tuple):
        return value if all(isinstance(each, int) for each in value) else None
    return value if isinstance(value, (int, bytes)) else None
