"""GIF: a walk over the blocks, which finds the frames; compositing.py draws them.

Each frame is decoded from a file of its own that has the frame's pixels with a palette of 256 greys, so that a decoded
level is an index. Decoders get no extensions. What follows the last frame is ignored, as in browsers.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Final

from functions.imaging.codecs import open_image
from functions.imaging.compositing import Animation, Disposal, FrameRegion, Palette
from functions.imaging.containers.common import (
    U16_LE,
    EndOfFileError,
    Inspection,
    check_frames,
    check_size,
    read,
    too_complex,
    truncated,
)
from functions.imaging.faults import decoder_faults
from functions.imaging.limits import MAX_PLAYS, Limits
from functions.imaging.refusal import RefusedPictureError
from functions.shared.status import Reason

_EXTENSION: Final = 0x21
_IMAGE: Final = 0x2C
_TRAILER: Final = 0x3B
_NUL: Final = 0
_CONTROL: Final = 0xF9
_APPLICATION: Final = 0xFF
_LOOPING: Final = frozenset({b"NETSCAPE2.0", b"ANIMEXTS1.0"})
_INTERLACED: Final = 0x40

_DISPOSALS: Final = {2: Disposal.CLEAR, 3: Disposal.RESTORE, 4: Disposal.RESTORE}
"""Disposal methods that change the canvas (GIF89a, 23). Browsers treat 4 as 3, which old encoders meant by it."""

_GREYS: Final = bytes(level for level in range(256) for _ in range(3))


@dataclass
class _GifWalk:
    """State of a walk over a GIF's blocks.

    ``width`` and ``height`` span all frames, for the limits; ``canvas`` is the logical screen, enlarged to the first
    frame. ``cut`` says that the file ends inside the last frame's data. ``duration_ms``, ``disposal`` and
    ``transparent`` are those of the next frame.
    """

    canvas: tuple[int, int]
    palette: bytes
    width: int = 0
    height: int = 0
    blocks: int = 0
    plays: int = 1
    cut: bool = False
    duration_ms: int = 0
    disposal: Disposal = Disposal.KEEP
    transparent: int | None = None
    frames: list[FrameRegion] = field(default_factory=list)


def inspect_gif(body: bytes, limits: Limits) -> Inspection:
    """Inspect a GIF. Raises RefusedPictureError or EndOfFileError."""
    header = 13 + _palette_bytes(body[10])
    seen = _GifWalk((read(U16_LE, body, 6), read(U16_LE, body, 8)), body[13:header])
    seen.width, seen.height = seen.canvas
    try:
        _walk_gif(body, header, limits, seen)
    except (IndexError, EndOfFileError):
        if not seen.frames:
            raise
    if not seen.frames:
        raise RefusedPictureError(Reason.CORRUPT, "The GIF has no picture in it.")
    if seen.cut and not _is_whole(seen.frames[-1]):
        if len(seen.frames) == 1:
            raise truncated()
        seen.frames.pop()  # browsers show the frames before it
    animation = Animation(tuple(seen.frames), seen.plays)
    return Inspection("GIF", *seen.canvas, b"", frames=len(seen.frames), animation=animation)


def _walk_gif(body: bytes, position: int, limits: Limits, seen: _GifWalk) -> None:
    """Visit every extension and frame, up to the trailer or to bytes that are neither.

    NUL between blocks is skipped: encoders that count a terminator twice write it. Raises RefusedPictureError,
    EndOfFileError or IndexError.
    """
    while position < len(body) and body[position] != _TRAILER:
        if body[position] == _IMAGE:
            position = _note_frame(body, position, limits, seen)
        elif body[position] == _EXTENSION:
            end, cut = _after_blocks(body, position + 2, limits, seen)
            if cut:
                return
            _note_extension(body[position:end], seen)
            position = end
        elif body[position] == _NUL:
            position += 1
        elif seen.frames:
            return
        else:
            raise RefusedPictureError(Reason.CORRUPT, "The GIF has data where a frame should begin.")


def _note_frame(body: bytes, position: int, limits: Limits, seen: _GifWalk) -> int:
    """Record a frame; return the offset after its data."""
    left, top = read(U16_LE, body, position + 1), read(U16_LE, body, position + 3)
    width, height = read(U16_LE, body, position + 5), read(U16_LE, body, position + 7)
    flags = body[position + 9]
    data = position + 10 + _palette_bytes(flags)
    if not (width and height):  # as in browsers
        width, height = width or seen.canvas[0], height or seen.canvas[1]
    end, seen.cut = _after_blocks(body, data + 1, limits, seen)
    if seen.cut and seen.frames and (left + width > seen.canvas[0] or top + height > seen.canvas[1]):
        seen.cut = False  # more likely what follows the last frame than a frame
        return end
    if not seen.frames:
        seen.canvas = max(seen.canvas[0], left + width), max(seen.canvas[1], top + height)
    seen.width, seen.height = max(seen.width, left + width), max(seen.height, top + height)
    check_size(seen.width, seen.height, limits)
    check_frames(len(seen.frames) + 1, seen.width, seen.height, limits)
    colors = body[position + 10 : data] or seen.palette or _GREYS
    seen.frames.append(
        FrameRegion(
            (left, top, left + width, top + height),
            partial(_file_of_frame, body, (width, height), flags & _INTERLACED, (data, end)),
            seen.duration_ms,
            seen.disposal,
            palette=Palette(colors, seen.transparent),
        )
    )
    seen.duration_ms, seen.disposal, seen.transparent = 0, Disposal.KEEP, None
    return end


def _file_of_frame(body: bytes, size: tuple[int, int], interlaced: int, data: tuple[int, int]) -> bytes:
    """Return a GIF of one frame whose palette is 256 greys."""
    sides = U16_LE.pack(size[0]) + U16_LE.pack(size[1])
    head = b"GIF89a" + sides + b"\xf7\0\0" + _GREYS + bytes([_IMAGE]) + bytes(4) + sides + bytes([interlaced])
    return b"".join((head, memoryview(body)[slice(*data)], bytes([_NUL, _TRAILER])))


def _is_whole(frame: FrameRegion) -> bool:
    """Tell whether the data of a cut frame has all of its pixels: only terminator and trailer may be missing."""
    try:
        with decoder_faults(), open_image(frame.file(), "GIF") as image:
            image.load()
    except RefusedPictureError:
        return False
    return True


def _note_extension(block: bytes, seen: _GifWalk) -> None:
    """Record what an extension says about the next frame, or about the number of plays. The last one counts."""
    if block[1] == _CONTROL and block[2] >= 4 and len(block) >= 7:
        seen.duration_ms = 10 * U16_LE.unpack_from(block, 4)[0]
        seen.disposal = _DISPOSALS.get(block[3] >> 2 & 7, Disposal.KEEP)
        seen.transparent = block[6] if block[3] & 1 else None
    elif block[1] == _APPLICATION and block[3:14] in _LOOPING and block[14:16] == b"\x03\x01" and len(block) >= 18:
        repetitions = U16_LE.unpack_from(block, 16)[0]
        seen.plays = min(repetitions + 1, MAX_PLAYS) if repetitions else 0


def _after_blocks(body: bytes, position: int, limits: Limits, seen: _GifWalk) -> tuple[int, bool]:
    """Return the offset after the data blocks at ``position``, and whether the file ends before their terminator.

    An extension without data counts as one block.
    """
    while position < len(body):
        seen.blocks += 1
        if seen.blocks > limits.max_gif_blocks:
            raise too_complex("The GIF is cut into too many small pieces.")
        if not body[position]:
            return position + 1, False
        position += 1 + body[position]
    return len(body), True


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
