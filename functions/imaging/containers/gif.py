"""GIF: a walk over the blocks. Decoders get no comments, plain text or application extensions except the loop count."""

from dataclasses import dataclass, field
from typing import Final

from functions.imaging.containers.common import (
    U16_LE,
    EndOfFileError,
    Inspection,
    check_frames,
    check_size,
    joined,
    read,
    too_complex,
    truncated,
)
from functions.imaging.limits import Limits
from functions.imaging.refusal import RefusedPictureError
from functions.shared.contracts import Reason

_EXTENSION: Final = 0x21
_IMAGE: Final = 0x2C
_TRAILER: Final = 0x3B
_CONTROL: Final = b"\x21\xf9\x04"
_CONTROL_BYTES: Final = 8
_LOOP: Final = b"\x21\xff\x0bNETSCAPE2.0\x03\x01"
_LOOP_BYTES: Final = 19
"""The graphic control extension (GIF89a, 23), and Netscape's extension with the number of repetitions."""


@dataclass
class _GifWalk:
    """State of a walk over a GIF's blocks. ``kept`` are the spans for the decoder.

    ``extensions`` are those that apply to the next frame; the last of each kind wins.
    """

    width: int
    height: int
    kept: list[tuple[int, int]]
    frames: int = 0
    blocks: int = 0
    extensions: dict[bytes, tuple[int, int]] = field(default_factory=dict)


def inspect_gif(body: bytes, limits: Limits) -> Inspection:
    """Inspect a GIF. Raises RefusedPictureError or EndOfFileError."""
    header = 13 + _gif_palette_bytes(body[10])
    seen = _GifWalk(read(U16_LE, body, 6), read(U16_LE, body, 8), [(0, header)])
    try:
        _walk_gif(body, header, limits, seen)
    except (IndexError, EndOfFileError) as error:
        if not seen.frames:
            raise
        if seen.frames == 1:
            raise truncated() from error
        raise RefusedPictureError(
            Reason.CORRUPT, f"The file ends inside frame {seen.frames} of the animation."
        ) from error
    if not seen.frames:
        raise RefusedPictureError(Reason.CORRUPT, "The GIF has no picture in it.")
    kept = joined(body, seen.kept) + bytes([_TRAILER])
    return Inspection("GIF", seen.width, seen.height, kept, frames=seen.frames)


def _walk_gif(body: bytes, position: int, limits: Limits, seen: _GifWalk) -> None:
    """Visit every extension and frame. Raises RefusedPictureError, EndOfFileError or IndexError."""
    while position < len(body) and body[position] != _TRAILER:
        start, image = position, body[position] == _IMAGE
        if image:
            position = _data_of_frame(body, position, limits, seen)
        elif body[position] == _EXTENSION:
            position += 2
        else:
            raise RefusedPictureError(Reason.CORRUPT, "The GIF has data where a frame should begin.")
        position = _after_blocks(body, position, limits, seen)
        if image:
            seen.kept += [*seen.extensions.values(), (start, position)]
            seen.extensions.clear()
        elif kind := _kind_of(body, start, position):
            seen.extensions[kind] = start, position


def _data_of_frame(body: bytes, position: int, limits: Limits, seen: _GifWalk) -> int:
    """Record a frame's position and size; return the offset of its data."""
    seen.frames += 1
    left, top = read(U16_LE, body, position + 1), read(U16_LE, body, position + 3)
    # Pillow enlarges the canvas for a frame that exceeds it, so a later frame can be a bomb.
    seen.width = max(seen.width, left + read(U16_LE, body, position + 5))
    seen.height = max(seen.height, top + read(U16_LE, body, position + 7))
    check_size(seen.width, seen.height, limits)
    check_frames(seen.frames, seen.width, seen.height, limits)
    return position + 11 + _gif_palette_bytes(body[position + 9])


def _after_blocks(body: bytes, position: int, limits: Limits, seen: _GifWalk) -> int:
    """Return the offset after the data blocks at ``position``. An extension without data counts as one block."""
    while True:
        seen.blocks += 1
        if seen.blocks > limits.max_gif_blocks:
            raise too_complex("The GIF is cut into too many small pieces.")
        if not body[position]:
            return position + 1
        position += 1 + body[position]


def _kind_of(body: bytes, start: int, end: int) -> bytes | None:
    """Return the first bytes of an extension that affects pixels; None for any other or a malformed one."""
    sizes = ((_CONTROL, _CONTROL_BYTES), (_LOOP, _LOOP_BYTES))
    return next((kind for kind, size in sizes if end - start == size and body.startswith(kind, start)), None)


def _gif_palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
