"""AVIF and HEIC: a walk over the outermost boxes; their libraries read the rest of the header."""

from functions.imaging.codecs import HEIF, open_image
from functions.imaging.containers.common import (
    U32,
    Inspection,
    check_frames,
    check_icc,
    check_size,
    read,
    too_complex,
    truncated,
)
from functions.imaging.faults import decoder_faults
from functions.imaging.limits import Limits
from functions.imaging.refusal import RefusedPictureError
from functions.shared.contracts import Reason


def inspect_avif(body: bytes, limits: Limits) -> Inspection:
    """Inspect a still or animated AVIF. Raises RefusedPictureError or EndOfFileError."""
    return _inspect_iso(body, "AVIF", limits)


def inspect_heif(body: bytes, limits: Limits) -> Inspection:
    """Inspect a HEIC or HEIF file; only its primary picture counts. Raises RefusedPictureError or EndOfFileError."""
    return _inspect_iso(body, HEIF, limits)


def _inspect_iso(body: bytes, pillow_format: str, limits: Limits) -> Inspection:
    position, count = 0, 0
    while position + 8 <= len(body):
        length = read(U32, body, position)
        if length == 1:
            length = read(U32, body, position + 8) << 32 | read(U32, body, position + 12)
        if length == 0:
            break
        if length < 8:
            raise RefusedPictureError(Reason.CORRUPT, "The file's boxes do not fit into one another.")
        if position + length > len(body):
            raise truncated(100 * len(body) / (position + length))
        position += length
        count += 1
        if count > limits.max_chunks:
            raise too_complex(f"The file has more than {limits.max_chunks} boxes.")
    with decoder_faults(), open_image(body, pillow_format) as image:
        width, height = image.size
        frames = int(getattr(image, "n_frames", 1)) if pillow_format == "AVIF" else 1
        icc_bytes = len(image.info.get("icc_profile") or b"")
    check_size(width, height, limits)
    check_frames(frames, width, height, limits)
    check_icc(icc_bytes, limits)
    return Inspection(pillow_format, width, height, frames)
