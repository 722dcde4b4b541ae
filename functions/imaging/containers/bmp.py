"""BMP: its two headers. If the last row lacks its padding, decoders get the file with it added."""

from typing import Final

from functions.imaging.codecs import open_image
from functions.imaging.containers.common import U16_LE, U32_LE, Inspection, check_size, read, truncated
from functions.imaging.faults import decoder_faults
from functions.imaging.limits import Limits
from functions.imaging.refusal import RefusedPictureError
from functions.shared.status import Reason

_UNPACKED: Final = frozenset({0, 3, 6})
"""Compressions with which every row has the same length: none, and with channel masks."""


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
    if compression in _UNPACKED:
        pixels = (width * depth + 7) // 8
        row = (pixels + 3) // 4 * 4
        needed = row * (height - 1) + pixels
        if offset + needed > len(body):
            raise truncated(100 * max(0, len(body) - offset) / needed if needed else None)
        body += bytes(max(0, offset + row * height - len(body)))
    try:
        with decoder_faults():
            open_image(body, "BMP").close()
    except RefusedPictureError as error:
        raise RefusedPictureError(
            Reason.UNSUPPORTED_FORMAT,
            f"BMP files are not accepted with {depth} bits a pixel and compression {compression} in this form; "
            "24 bits a pixel without compression are.",
        ) from error
    return Inspection("BMP", width, height, body, opaque_if_clear=True)
