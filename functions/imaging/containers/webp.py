"""WebP: a walk over the RIFF chunks."""

from functions.imaging.containers.common import (
    U32_LE,
    EndOfFileError,
    Inspection,
    check_frames,
    check_icc,
    check_size,
    read,
    too_complex,
    truncated,
)
from functions.imaging.limits import Limits


def inspect_webp(body: bytes, limits: Limits) -> Inspection:
    """Inspect a WebP file. Raises RefusedPictureError or EndOfFileError."""
    declared = read(U32_LE, body, 4) + 8
    width = height = frames = 0
    position, count = 12, 0
    while position + 8 <= len(body) and position < declared:
        kind, length = body[position : position + 4], read(U32_LE, body, position + 4)
        start = position + 8
        if not width and kind in {b"VP8X", b"VP8 ", b"VP8L"}:
            width, height = _webp_size(body, kind, start)
            check_size(width, height, limits)
        elif kind == b"ANMF":
            frames += 1
            check_frames(frames, width, height, limits)
        elif kind == b"ICCP":
            check_icc(length, limits)
        count += 1
        if count > limits.max_chunks:
            raise too_complex(f"The WebP has more than {limits.max_chunks} chunks.")
        position = start + length + length % 2
    if not width:
        raise EndOfFileError
    if declared > len(body) + 1:  # some writers leave out the last padding byte
        raise truncated(100 * len(body) / declared)
    return Inspection("WEBP", width, height, max(1, frames))


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
