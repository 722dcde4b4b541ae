"""PNG and APNG: a walk over the chunks. Decoders get only the chunks that pixels need.

Pillow stores texts in the same dictionary as its parameters: a text named ``duration``, ``bbox`` or ``interlace`` would
change the picture. An ancillary chunk whose checksum is wrong is dropped (PNG, 3rd edition, 13.2). A file is an
animation only if its acTL chunk is valid and precedes the pixels (11.3.6.1); each frame is then decoded from a file of
its own (compositing.py).
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from struct import Struct
from typing import Final

from functions.imaging.colorimetry import Colorimetry, is_known, of_chromaticities, of_code_points
from functions.imaging.compositing import Animation, Blend, Disposal, FrameRegion
from functions.imaging.containers.common import (
    U32,
    EndOfFileError,
    Inspection,
    check_frames,
    check_size,
    joined,
    read,
    too_complex,
    truncated,
)
from functions.imaging.containers.exif import Exif, read_exif
from functions.imaging.limits import LONGEST_FRAME_MS, MAX_PLAYS, MIB, Limits
from functions.imaging.refusal import RefusedPictureError
from functions.shared.status import Reason

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"

_PNG_TEXT: Final = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_RAW_EXIF: Final = b"Raw profile type exif\0"
"""How ImageMagick stores EXIF in a text: three lines, then the block in hexadecimal digits."""

_RAW_EXIF_BYTES: Final = 2 * MIB
"""Bytes of such a text that are read: the fields that are used are at its beginning."""

_FOR_DECODER: Final = frozenset({b"PLTE", b"tRNS"})
"""In addition to the header, which must be the first chunk, and the pixels."""

_OF_ANIMATIONS: Final = frozenset({b"acTL", b"fcTL", b"fdAT"})
_OF_COLORS: Final = frozenset({b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM"})
_CHECKED: Final = _PNG_TEXT | _OF_COLORS | {b"tRNS", b"eXIf"}
"""Ancillary chunks whose checksum is checked before they are used. Those of animations are used in any case, like
pixels, as in browsers: an animation cannot do without one of them."""

_ANIMATION_BYTES: Final = 8
_MAX_CLAIMED_FRAMES: Final = 2**31
_CONTROL: Final = Struct(">IIIIIHHBB")
"""fcTL: sequence number, width, height, left, top, delay as a fraction, disposal, blend (11.3.6.2)."""
_DEFAULT_DENOMINATOR: Final = 100
_DISPOSALS: Final = {1: Disposal.CLEAR, 2: Disposal.RESTORE}

_PNG_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_INTERLACED: Final = 1
_PASSES: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Left, top and steps in px of Adam7's passes (8.1)."""

_INFLATE_STEP: Final = MIB

Span = tuple[int, int]


@dataclass
class _Frame:
    """A frame while its chunks are read: its fcTL, and where its data is in the file."""

    width: int
    height: int
    left: int
    top: int
    duration_ms: int
    disposal: Disposal
    blend: Blend
    spans: list[Span]


@dataclass
class _PngWalk:
    """State of a walk over a PNG's chunks. ``kept`` are the spans for the decoder, ``head`` those before the pixels.

    ``all_frames`` says that further frames than those claimed follow, which do not count.

    ``spans`` is the data of the picture that viewers without animation show; the first frame has the same list if it
    is that picture.
    """

    width: int = 0
    height: int = 0
    bit_depth: int = 8
    color_type: int = 2
    interlaced: bool = False
    claimed_frames: int = 0
    plays: int = 0
    sequence: int = 0
    all_frames: bool = False
    frames: list[_Frame] = field(default_factory=list)
    kept: list[Span] = field(default_factory=lambda: [(0, 8)])
    head: list[Span] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    exif: Exif | None = None
    colors: dict[bytes, bytes] = field(default_factory=dict)
    complete: bool = False

    @property
    def hidden_first(self) -> bool:
        """Whether the picture for viewers without animation is not one of the frames."""
        return bool(self.frames) and self.frames[0].spans is not self.spans


def inspect_png(body: bytes, limits: Limits) -> Inspection:
    """Inspect a PNG. Raises RefusedPictureError or EndOfFileError."""
    seen = _PngWalk()
    for count, (kind, start, length) in enumerate(_png_chunks(body)):
        if count == 0:
            _read_header(body, kind, start, limits, seen)
        if count >= limits.max_chunks:
            raise too_complex(f"The PNG has more than {limits.max_chunks} chunks.")
        if count and (kind not in _CHECKED or _is_sound(body, start, length)):
            _note_chunk(body, kind, start, length, limits=limits, seen=seen)
        if seen.complete:
            break
    if not seen.width:
        raise EndOfFileError
    if not seen.complete:
        _check_pixels(body, seen)
    animated = len(seen.frames) > 1 or seen.hidden_first
    return Inspection(
        "PNG",
        seen.width,
        seen.height,
        b"" if animated else _for_decoder(body, seen),
        seen.exif or Exif(),
        frames=max(1, len(seen.frames)),
        animation=_animation_of(body, seen) if animated else None,
        bit_depth=seen.bit_depth,
        profile=_profile_of(seen, limits),
        colorimetry=_colorimetry_of(seen),
    )


def _read_header(body: bytes, kind: bytes, start: int, limits: Limits, seen: _PngWalk) -> None:
    if kind != b"IHDR" or start + 13 > len(body):
        raise EndOfFileError
    seen.width, seen.height = read(U32, body, start), read(U32, body, start + 4)
    seen.bit_depth, seen.color_type = body[start + 8], body[start + 9]
    seen.interlaced = body[start + 12] == _INTERLACED
    check_size(seen.width, seen.height, limits)
    seen.kept.append((start - 8, start + 17))


def _png_chunks(body: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and length of each chunk, the last one perhaps cut short; bytes that are no chunk end it."""
    position = 8
    while position + 8 <= len(body):
        length, kind = U32.unpack_from(body, position)[0], body[position + 4 : position + 8]
        if not kind.isalpha():
            return
        yield kind, position + 8, length
        position += 12 + length


def _is_sound(body: bytes, start: int, length: int) -> bool:
    """Tell whether a chunk is whole and its checksum is right."""
    end = start + length
    return end + 4 <= len(body) and zlib.crc32(memoryview(body)[start - 4 : end]) == U32.unpack_from(body, end)[0]


def _note_chunk(body: bytes, kind: bytes, start: int, length: int, *, limits: Limits, seen: _PngWalk) -> None:
    span = (start, min(start + length, len(body)))
    chunk = (start - 8, start + length + 4)
    if kind == b"IDAT":
        seen.spans.append(span)
        seen.kept.append(chunk)
    elif kind in _FOR_DECODER:
        seen.kept.append(chunk)
        seen.head.append(chunk)
    elif kind in _OF_ANIMATIONS:
        _note_animation(body, kind, start, length, limits=limits, seen=seen)
    elif kind == b"IEND":
        seen.complete = True
        seen.kept.append(chunk)
    elif kind in _OF_COLORS and not seen.spans:
        seen.colors.setdefault(kind, body[slice(*span)])
    elif kind == b"eXIf" and seen.exif is None:
        seen.exif = read_exif(body[slice(*span)])
    elif kind in _PNG_TEXT and seen.exif is None and body.startswith(_RAW_EXIF, start):
        seen.exif = _raw_exif(kind, body[slice(*span)])


# --- animation


def _note_animation(body: bytes, kind: bytes, start: int, length: int, *, limits: Limits, seen: _PngWalk) -> None:
    if kind == b"acTL":
        if seen.spans or seen.claimed_frames or length < _ANIMATION_BYTES:
            return
        claimed = read(U32, body, start)
        seen.claimed_frames = claimed if claimed <= _MAX_CLAIMED_FRAMES else 0
        seen.plays = min(read(U32, body, start + 4), MAX_PLAYS)
        check_frames(seen.claimed_frames, 1, 1, limits)
    elif kind == b"fcTL" and len(seen.frames) == seen.claimed_frames:
        seen.all_frames = True
    elif seen.all_frames:
        return
    elif kind == b"fcTL" and length >= _CONTROL.size:
        frame = _frame_of(body, start, seen)
        check_frames(len(seen.frames) + 1, seen.width, seen.height, limits)
        seen.frames.append(frame)
    elif kind == b"fdAT" and seen.frames and length >= U32.size and start + U32.size <= len(body):
        _check_sequence(read(U32, body, start), seen)
        seen.frames[-1].spans.append((start + U32.size, min(start + length, len(body))))


def _frame_of(body: bytes, start: int, seen: _PngWalk) -> _Frame:
    """Read a frame's fcTL chunk. Raises RefusedPictureError (CORRUPT) for a frame outside of the canvas."""
    sequence, width, height, left, top, delay, unit, disposal, blend = _CONTROL.unpack_from(body, start)
    _check_sequence(sequence, seen)
    if not (width and height) or left + width > seen.width or top + height > seen.height:
        raise RefusedPictureError(Reason.CORRUPT, f"Frame {len(seen.frames) + 1} is not inside the picture.")
    return _Frame(
        width, height, left, top,
        min(LONGEST_FRAME_MS, round(1000 * delay / (unit or _DEFAULT_DENOMINATOR))),
        _DISPOSALS.get(disposal, Disposal.KEEP),
        Blend.OVER if blend == 1 else Blend.SOURCE,
        [] if seen.frames or seen.spans else seen.spans,
    )  # fmt: skip


def _check_sequence(number: int, seen: _PngWalk) -> None:
    if number != seen.sequence:
        raise RefusedPictureError(Reason.CORRUPT, "The chunks of the animation are out of order.")
    seen.sequence += 1


def _animation_of(body: bytes, seen: _PngWalk) -> Animation:
    head = joined(body, seen.head)
    regions = [
        FrameRegion(
            (frame.left, frame.top, frame.left + frame.width, frame.top + frame.height),
            partial(_file_of, body, (frame.width, frame.height), head, frame.spans),
            frame.duration_ms,
            # There is nothing before the first frame to restore (11.3.6.2).
            Disposal.CLEAR if index == 0 and frame.disposal is Disposal.RESTORE else frame.disposal,
            frame.blend,
        )
        for index, frame in enumerate(seen.frames)
    ]
    return Animation(tuple(regions), seen.plays)


# --- files for the decoder


def _for_decoder(body: bytes, seen: _PngWalk) -> bytes:
    if seen.complete:
        return joined(body, seen.kept)
    return _file_of(body, (seen.width, seen.height), joined(body, seen.head), seen.spans)


def _file_of(body: bytes, size: tuple[int, int], head: bytes, spans: list[Span]) -> bytes:
    """Return a PNG of this size in px with a file's header, the chunks ``head``, and this data."""
    header = U32.pack(size[0]) + U32.pack(size[1]) + body[24:29]
    data = joined(body, spans)
    return b"".join((_SIGNATURE, _chunk(b"IHDR", header), head, _chunk(b"IDAT", data), _chunk(b"IEND", b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return U32.pack(len(data)) + kind + data + U32.pack(zlib.crc32(data, zlib.crc32(kind)))


# --- metadata and colour


def _raw_exif(kind: bytes, data: bytes) -> Exif:
    """Parse EXIF from a text; return the defaults if it is not EXIF."""
    text = data.removeprefix(_RAW_EXIF)
    try:
        if kind != b"tEXt":
            text = zlib.decompressobj().decompress(_packed_part(kind, data), _RAW_EXIF_BYTES)
        digits = "".join(text[:_RAW_EXIF_BYTES].decode("ascii").split("\n")[3:])
        return read_exif(bytes.fromhex(digits[: len(digits) // 2 * 2]))
    except (zlib.error, ValueError):
        return Exif()


def _packed_part(kind: bytes, data: bytes) -> bytes:
    """Return the compressed stream of a chunk: after keyword and method, in iTXt after two more fields."""
    rest = data.partition(b"\x00")[2]
    if kind in {b"zTXt", b"iCCP"}:
        return rest[1:]
    if kind == b"iTXt" and rest[:1] == b"\x01":
        return rest[2:].partition(b"\x00")[2].partition(b"\x00")[2]
    return b""


def _profile_of(seen: _PngWalk, limits: Limits) -> bytes:
    """Return the ICC profile, unless cICP replaces it; none if it is longer than a file may be."""
    if b"iCCP" not in seen.colors or _code_points(seen) is not None:
        return b""
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(_packed_part(b"iCCP", seen.colors[b"iCCP"]), limits.max_bytes)
    except zlib.error:
        return b""
    return b"" if inflater.unconsumed_tail else profile


def _code_points(seen: _PngWalk) -> bytes | None:
    """Return the cICP chunk if it says something: RGB, with known primaries and a known transfer function."""
    chunk = seen.colors.get(b"cICP", b"")
    return chunk if len(chunk) == 4 and chunk[2] == 0 and is_known(chunk[0], chunk[1]) else None


def _colorimetry_of(seen: _PngWalk) -> Colorimetry | None:
    """Return what the first of cICP, sRGB, and gAMA with cHRM states (4.3)."""
    if (chunk := _code_points(seen)) is not None:
        return of_code_points(chunk[0], chunk[1], full_range=chunk[3] != 0)
    if b"sRGB" in seen.colors:
        return None
    gamma, chromaticities = seen.colors.get(b"gAMA", b""), seen.colors.get(b"cHRM", b"")
    return of_chromaticities(
        U32.unpack(gamma)[0] if len(gamma) == 4 else None,
        Struct(">8I").unpack(chromaticities) if len(chromaticities) == 32 else None,
    )


# --- files without an end


def _check_pixels(body: bytes, seen: _PngWalk) -> None:
    """Raise RefusedPictureError (CORRUPT) if a file without an IEND chunk does not have all of its pixels."""
    if seen.claimed_frames > 1:
        last = seen.frames[-1] if seen.frames else None
        all_begin = last is not None and len(seen.frames) == seen.claimed_frames
        if last is None or not all_begin or _share(body, last.spans, (last.width, last.height), seen) < 1:
            raise RefusedPictureError(
                Reason.CORRUPT, f"The file ends inside frame {max(1, len(seen.frames))} of the animation."
            )
        return
    share = _share(body, seen.spans, (seen.width, seen.height), seen)
    if share < 1:
        raise truncated(100 * share)


def _share(body: bytes, spans: list[Span], size: tuple[int, int], seen: _PngWalk) -> float:
    """Return how much of a picture's data is there; it is decompressed in steps and discarded."""
    needed = _unpacked_bytes(size, seen)
    unpacked = 0
    inflater = zlib.decompressobj()
    for start, end in spans:
        data = body[start:end]
        while data and unpacked < needed:
            try:
                unpacked += len(inflater.decompress(data, _INFLATE_STEP))
            except zlib.error:
                return unpacked / needed
            data = inflater.unconsumed_tail
    return unpacked / needed


def _unpacked_bytes(size: tuple[int, int], seen: _PngWalk) -> int:
    """Return the bytes of all rows, each with the byte of its filter."""
    bits = _PNG_CHANNELS.get(seen.color_type, 1) * seen.bit_depth
    passes = _PASSES if seen.interlaced else ((0, 0, 1, 1),)
    total = 0
    for left, top, across, down in passes:
        columns, rows = ceil((size[0] - left) / across), ceil((size[1] - top) / down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return max(1, total)
