"""WebP: a walk over the RIFF chunks. Decoders get no EXIF, XMP or unknown chunks."""

from typing import Final

from functions.imaging.containers.common import (
    U32_LE,
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
from functions.imaging.limits import Limits
from functions.imaging.refusal import RefusedPictureError
from functions.shared.status import Reason

_OF_PIXELS: Final = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_FLAGS: Final = 20
"""Offset of the flags of the extended format, whose chunk is the first."""
_HAS_EXIF: Final = 0x08
_HAS_XMP: Final = 0x04


def inspect_webp(body: bytes, limits: Limits) -> Inspection:
    """Inspect a WebP file. Raises RefusedPictureError or EndOfFileError."""
    declared = read(U32_LE, body, 4) + 8
    width = height = frames = 0
    position, count, kind = 12, 0, b""
    kept: list[tuple[int, int]] = []
    exif: Exif | None = None
    extended = body[12:16] == b"VP8X" and len(body) > _FLAGS
    while position + 8 <= len(body) and position < declared:
        kind, length = body[position : position + 4], read(U32_LE, body, position + 4)
        start = position + 8
        if not width and kind in {b"VP8X", b"VP8 ", b"VP8L"}:
            width, height = _webp_size(body, kind, start)
            check_size(width, height, limits)
        elif kind == b"ANMF":
            frames += 1
            check_frames(frames, width, height, limits)
        elif kind == b"EXIF" and exif is None and extended and body[_FLAGS] & _HAS_EXIF:
            exif = read_exif(body[start : start + length])
        count += 1
        if count > limits.max_chunks:
            raise too_complex(f"The WebP has more than {limits.max_chunks} chunks.")
        if kind in _OF_PIXELS:
            if start + length > declared:  # as in browsers
                raise RefusedPictureError(Reason.CORRUPT, "The header of the WebP states a length that is too small.")
            kept.append((position, start + length + length % 2))
        position = start + length + length % 2
    if not width:
        raise EndOfFileError
    if declared > len(body) + 1 and not _has_all_pixels(body, kept, kind, frames):  # a last padding byte may be missing
        raise truncated(100 * len(body) / declared)
    return Inspection("WEBP", width, height, _of_chunks(body, kept), exif or Exif(), frames=max(1, frames))


def _has_all_pixels(body: bytes, kept: list[tuple[int, int]], last: bytes, frames: int) -> bool:
    """Tell whether only metadata is missing: after the pixels of a still, or inside a chunk that follows all frames."""
    start, end = kept[-1]
    in_metadata = last not in _OF_PIXELS
    return end <= len(body) + 1 and (in_metadata or (not frames and body[start : start + 4] in {b"VP8 ", b"VP8L"}))


def _of_chunks(body: bytes, kept: list[tuple[int, int]]) -> bytes:
    """Return a file of only these chunks, with a matching header."""
    chunks = bytearray(joined(body, kept))
    if chunks[:4] == b"VP8X":
        chunks[_FLAGS - 12] &= ~(_HAS_EXIF | _HAS_XMP)
    return b"RIFF" + U32_LE.pack(4 + len(chunks)) + b"WEBP" + chunks


def _webp_size(body: bytes, kind: bytes, start: int) -> tuple[int, int]:
    head = body[start : start + 10]
    if len(head) < 10:
        raise EndOfFileError
    if kind == b"VP8X":
        return 1 + int.from_bytes(head[4:7], "little"), 1 + int.from_bytes(head[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF
