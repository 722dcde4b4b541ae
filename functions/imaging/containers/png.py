"""PNG and APNG: a walk over the chunks."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from functions.imaging.containers.common import (
    U32,
    EndOfFileError,
    Inspection,
    check_frames,
    check_icc,
    check_size,
    read,
    too_complex,
    truncated,
)
from functions.imaging.limits import MIB, Limits
from functions.imaging.refusal import RefusedPictureError
from functions.shared.contracts import Reason

_PNG_TEXT: Final = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_PNG_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}

_INFLATE_STEP: Final = MIB


@dataclass
class _PngWalk:
    """What a walk over a PNG's chunks has seen so far."""

    width: int = 0
    height: int = 0
    bit_depth: int = 8
    color_type: int = 2
    frames: int = 0
    claimed_frames: int = 0
    texts: int = 0
    text_bytes: int = 0
    complete: bool = False


def inspect_png(body: bytes, limits: Limits) -> Inspection:
    """Inspect a PNG. Raises RefusedPictureError or EndOfFileError."""
    seen = _PngWalk()
    for count, (kind, start, length) in enumerate(_png_chunks(body)):
        if count == 0:
            if kind != b"IHDR" or start + 13 > len(body):
                raise EndOfFileError
            seen.width, seen.height = read(U32, body, start), read(U32, body, start + 4)
            seen.bit_depth, seen.color_type = body[start + 8], body[start + 9]
            check_size(seen.width, seen.height, limits)
        if count >= limits.max_chunks:
            raise too_complex(f"The PNG has more than {limits.max_chunks} chunks.")
        _note_png_chunk(body, kind, start, length, limits=limits, seen=seen)
        if seen.complete:
            break
    else:
        if not seen.width:
            raise EndOfFileError
        if seen.claimed_frames > 1:
            raise RefusedPictureError(
                Reason.CORRUPT, f"The file ends inside frame {max(1, seen.frames)} of the animation."
            )
        raise truncated(_png_percent(body, seen))
    return Inspection("PNG", seen.width, seen.height, max(1, seen.frames), seen.bit_depth)


def _png_chunks(body: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and length of each chunk, the last one perhaps cut short."""
    position = 8
    while position + 8 <= len(body):
        length = U32.unpack_from(body, position)[0]
        yield body[position + 4 : position + 8], position + 8, length
        position += 12 + length


def _note_png_chunk(body: bytes, kind: bytes, start: int, length: int, *, limits: Limits, seen: _PngWalk) -> None:
    if kind == b"acTL":
        seen.claimed_frames = read(U32, body, start)  # Pillow believes this number
        check_frames(seen.claimed_frames, 1, 1, limits)
    elif kind == b"fcTL":
        seen.frames += 1
        check_frames(seen.frames, seen.width, seen.height, limits)
    elif kind in _PNG_TEXT:
        seen.texts += 1
        if seen.texts > limits.max_text_chunks:
            raise too_complex(f"The PNG has more than {limits.max_text_chunks} text chunks.")
        seen.text_bytes += _checked_text_bytes(kind, body[start : start + length], limits)
        if seen.text_bytes > limits.max_texts_bytes:
            raise too_complex(f"The PNG's texts have more than {limits.max_texts_bytes / MIB:g} MiB together.")
    elif kind == b"iCCP":
        check_icc(length, limits)
        _checked_text_bytes(kind, body[start : start + length], limits)
    elif kind == b"IEND":
        seen.complete = True


def _checked_text_bytes(kind: bytes, data: bytes, limits: Limits) -> int:
    """Return the unpacked size of a text or profile in bytes. Raises RefusedPictureError (TOO_COMPLEX)."""
    unpacked = len(data)
    packed = _packed_part(kind, data)
    if packed:
        try:
            unpacked = max(unpacked, len(zlib.decompressobj().decompress(packed, limits.max_text_bytes + 1)))
        except zlib.error:
            return unpacked  # Pillow passes over a stream that is none
    if unpacked > limits.max_text_bytes:
        raise too_complex(f"A text or profile in the PNG has more than {limits.max_text_bytes / MIB:g} MiB.")
    return unpacked


def _packed_part(kind: bytes, data: bytes) -> bytes:
    """Return the compressed stream of a chunk: after keyword and method, in iTXt after two more words."""
    rest = data.partition(b"\x00")[2]
    if kind in {b"zTXt", b"iCCP"}:
        return rest[1:]
    if kind == b"iTXt" and rest[:1] == b"\x01":
        return rest[2:].partition(b"\x00")[2].partition(b"\x00")[2]
    return b""


def _png_percent(body: bytes, seen: _PngWalk) -> float:
    """Return how much of the pixel data is there, unpacked step by step and thrown away."""
    row = 1 + (seen.width * _PNG_CHANNELS.get(seen.color_type, 1) * seen.bit_depth + 7) // 8
    unpacked = 0
    inflater = zlib.decompressobj()
    for kind, start, length in _png_chunks(body):
        if kind != b"IDAT":
            continue
        data = body[start : start + length]
        while data:
            try:
                unpacked += len(inflater.decompress(data, _INFLATE_STEP))
            except zlib.error:
                return 100 * unpacked / (row * seen.height)
            data = inflater.unconsumed_tail
            if unpacked > row * seen.height:
                return 99
    return 100 * unpacked / (row * seen.height)
