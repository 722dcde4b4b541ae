"""Creates pictures to upload with the standard library alone: PNG needs only zlib and checksums (RFC 2083)."""

import secrets
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(width: int = 400, height: int = 250) -> bytes:
    """Return a PNG with a gradient between random colours, so that no two pictures are the same."""
    start, end = (secrets.token_bytes(3) for _ in range(2))
    rows = bytearray()
    for y in range(height):
        rows.append(0)  # no filter
        for x in range(width):
            share = (x + y) / (width + height)
            rows += bytes(round(a + (b - a) * share) for a, b in zip(start, end, strict=True))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(bytes(rows))) + _chunk(b"IEND", b"")


def truncated_png() -> bytes:
    """Return a PNG that ends in the middle of its pixels."""
    whole = png()
    return whole[: len(whole) // 2]


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
