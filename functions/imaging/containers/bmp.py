"""BMP: its two headers."""

from functions.imaging.containers.common import U16_LE, U32_LE, Inspection, check_size, read, truncated
from functions.imaging.limits import Limits


def inspect_bmp(body: bytes, limits: Limits) -> Inspection:
    """Inspect a BMP. Raises RefusedPictureError or EndOfFileError."""
    offset, header = read(U32_LE, body, 10), read(U32_LE, body, 14)
    if header == 12:
        width, height = read(U16_LE, body, 18), read(U16_LE, body, 20)
        depth, compression = read(U16_LE, body, 24), 0
    else:
        width = read(U32_LE, body, 18)
        height = abs(int.from_bytes(body[22:26], "little", signed=True))
        depth, compression = read(U16_LE, body, 28), read(U32_LE, body, 30)
    check_size(width, height, limits)
    needed = (width * depth + 31) // 32 * 4 * height
    if compression in {0, 3, 6} and offset + needed > len(body):
        raise truncated(100 * max(0, len(body) - offset) / needed if needed else None)
    return Inspection("BMP", width, height, body)
