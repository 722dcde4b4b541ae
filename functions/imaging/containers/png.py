"""PNG and APNG: a walk over the chunks. Decoders get only the chunks that pixels need.

Pillow stores texts in the same dictionary as its parameters: a text named ``duration``, ``bbox`` or ``interlace`` would
change the picture. A file is an animation only if its acTL chunk is valid and precedes the pixels (PNG, 3rd edition,
11.3.6.1).
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from functions.imaging.containers.common import (
    U32,
    EndOfFileError,
    Inspection,
    check_frames,
    check_icc,
    check_size,
    joined,
    read,
    too_complex,
    truncated,
)
from functions.imaging.containers.exif import Exif, read_exif
from functions.imaging.limits import MIB, Limits
from functions.imaging.refusal import RefusedPictureError
from functions.shared.contracts import Reason

_PNG_TEXT: Final = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_RAW_EXIF: Final = b"Raw profile type exif\0"
"""How ImageMagick stores EXIF in a text: three lines, then the block in hexadecimal digits."""

_OF_PIXELS: Final = frozenset({b"PLTE", b"tRNS", b"IDAT", b"IEND"})
"""In addition to the header, which must be the first chunk."""

_OF_ANIMATIONS: Final = frozenset({b"acTL", b"fcTL", b"fdAT"})
_ANIMATION_BYTES: Final = 8
_MOST_CLAIMED_FRAMES: Final = 2**31

_PNG_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}

_INFLATE_STEP: Final = MIB


@dataclass
class _PngWalk:
    """State of a walk over a PNG's chunks. ``kept`` are the spans for the decoder."""

    width: int = 0
    height: int = 0
    bit_depth: int = 8
    color_type: int = 2
    frames: int = 0
    claimed_frames: int = 0
    pixels: bool = False
    hidden_first: bool = False
    exif: Exif | None = None
    kept: list[tuple[int, int]] = field(default_factory=lambda: [(0, 8)])
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
        if _note_png_chunk(body, kind, start, length, limits=limits, seen=seen) or count == 0:
            seen.kept.append((start - 8, start + length + 4))
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
    return Inspection(
        "PNG",
        seen.width,
        seen.height,
        joined(body, seen.kept),
        seen.exif or Exif(),
        frames=max(1, seen.frames),
        hidden_first=seen.hidden_first,
        bit_depth=seen.bit_depth,
    )


def _png_chunks(body: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and length of each chunk, the last one perhaps cut short."""
    position = 8
    while position + 8 <= len(body):
        length = U32.unpack_from(body, position)[0]
        yield body[position + 4 : position + 8], position + 8, length
        position += 12 + length


def _note_png_chunk(body: bytes, kind: bytes, start: int, length: int, *, limits: Limits, seen: _PngWalk) -> bool:
    """Record a chunk; tell whether the decoder needs it."""
    if kind in _OF_ANIMATIONS:
        return _note_animation(body, kind, start, length, limits=limits, seen=seen)
    if kind in _PNG_TEXT:
        _note_png_text(kind, body[start : start + length], limits, seen)
    elif kind == b"eXIf" and seen.exif is None:
        seen.exif = read_exif(body[start : start + length])
    elif kind == b"iCCP":
        check_icc(length, limits)
        data = body[start : start + length]
        _checked_text_bytes(kind, data, limits)
        name, _, rest = data.partition(b"\0")
        return 1 <= len(name) <= 79 and rest[:1] == b"\0"  # otherwise Pillow refuses the file
    seen.pixels = seen.pixels or kind == b"IDAT"
    seen.complete = kind == b"IEND"
    return kind in _OF_PIXELS


def _note_animation(body: bytes, kind: bytes, start: int, length: int, *, limits: Limits, seen: _PngWalk) -> bool:
    """Record a chunk of an animation; tell whether the file is one."""
    if kind == b"acTL":
        if seen.pixels or seen.claimed_frames or length < _ANIMATION_BYTES:
            return False
        claimed = read(U32, body, start)
        seen.claimed_frames = claimed if claimed <= _MOST_CLAIMED_FRAMES else 0
        check_frames(seen.claimed_frames, 1, 1, limits)  # Pillow trusts this number
    elif kind == b"fcTL" and seen.claimed_frames:
        seen.hidden_first = seen.hidden_first or (seen.pixels and not seen.frames)
        seen.frames += 1
        check_frames(seen.frames, seen.width, seen.height, limits)
    return seen.claimed_frames > 0


def _note_png_text(kind: bytes, data: bytes, limits: Limits, seen: _PngWalk) -> None:
    seen.texts += 1
    if seen.texts > limits.max_text_chunks:
        raise too_complex(f"The PNG has more than {limits.max_text_chunks} text chunks.")
    seen.text_bytes += _checked_text_bytes(kind, data, limits)
    if seen.text_bytes > limits.max_texts_bytes:
        raise too_complex(f"The PNG's texts have more than {limits.max_texts_bytes / MIB:g} MiB together.")
    if seen.exif is None and data.startswith(_RAW_EXIF):
        seen.exif = _raw_exif(kind, data, limits)


def _raw_exif(kind: bytes, data: bytes, limits: Limits) -> Exif:
    """Parse EXIF from a text; return the defaults if it is not EXIF."""
    text = data.removeprefix(_RAW_EXIF)
    try:
        if kind != b"tEXt":
            text = zlib.decompressobj().decompress(_packed_part(kind, data), limits.max_text_bytes)
        return read_exif(bytes.fromhex("".join(text.decode("ascii").split("\n")[3:])))
    except (zlib.error, ValueError):
        return Exif()


def _checked_text_bytes(kind: bytes, data: bytes, limits: Limits) -> int:
    """Return the unpacked size of a text or profile in bytes. Raises RefusedPictureError (TOO_COMPLEX)."""
    unpacked = len(data)
    packed = _packed_part(kind, data)
    if packed:
        try:
            unpacked = max(unpacked, len(zlib.decompressobj().decompress(packed, limits.max_text_bytes + 1)))
        except zlib.error:
            return unpacked  # Pillow ignores an invalid stream
    if unpacked > limits.max_text_bytes:
        raise too_complex(f"A text or profile in the PNG has more than {limits.max_text_bytes / MIB:g} MiB.")
    return unpacked


def _packed_part(kind: bytes, data: bytes) -> bytes:
    """Return the compressed stream of a chunk: after keyword and method, in iTXt after two more fields."""
    rest = data.partition(b"\x00")[2]
    if kind in {b"zTXt", b"iCCP"}:
        return rest[1:]
    if kind == b"iTXt" and rest[:1] == b"\x01":
        return rest[2:].partition(b"\x00")[2].partition(b"\x00")[2]
    return b""


def _png_percent(body: bytes, seen: _PngWalk) -> float:
    """Return how much of the pixel data is present; it is decompressed in steps and discarded."""
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
