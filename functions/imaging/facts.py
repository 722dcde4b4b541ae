"""What is used of an opened file's ``info``, checked and clamped. Nothing else in this package reads it.

Pillow collects in it whatever a file says, in whatever type the file gives it, and reads its own parameters from the
same place. Here is the one border: a value of another type than expected is none, a number stops at what can be stored.
"""

from dataclasses import dataclass
from typing import Any, Final

from PIL import Image

from functions.imaging.limits import LONGEST_FRAME_MS, MOST_PLAYS

Transparency = int | bytes | tuple[int, ...] | None
"""A level, a palette's alphas, or a colour that is transparent; None where nothing is by such a rule."""

_GIF: Final = "GIF"


@dataclass(frozen=True)
class Facts:
    """``duration_ms`` is of the current frame, 0 where it gives none; ``plays`` is how often an animation plays, 0 for
    ever.

    ``profile`` and ``exif`` are blocks as the file has them, empty where there are none.
    """

    duration_ms: int
    plays: int
    profile: bytes
    exif: bytes
    transparency: Transparency


def facts_of(image: Image.Image) -> Facts:
    """Return the facts of an opened file, as of the frame that it is at."""
    info = image.info
    return Facts(
        duration_ms=_whole(info.get("duration"), LONGEST_FRAME_MS) or 0,
        plays=_plays(info.get("loop"), image.format),
        profile=_block(info.get("icc_profile")),
        exif=_block(info.get("exif")),
        transparency=_transparency(info.get("transparency")),
    )


def forget(image: Image.Image, *, but: Transparency = None) -> None:
    """Empty the ``info`` of a loaded image, all but what is transparent, by which Pillow converts its pixels."""
    image.info = {} if but is None else {"transparency": but}


def _plays(loop: Any, image_format: str | None) -> int:
    """A GIF without a count plays once; with one, once more. Elsewhere the count is what it says."""
    count = _whole(loop, MOST_PLAYS)
    if image_format == _GIF:
        return 1 if count is None else min(count + 1, MOST_PLAYS) if count else 0
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
