"""TIFF: its first directory, as Pillow reads it."""

from functions.imaging.codecs import open_image
from functions.imaging.containers.common import Inspection, check_icc, check_size, truncated
from functions.imaging.faults import decoder_faults
from functions.imaging.limits import Limits


def inspect_tiff(body: bytes, limits: Limits) -> Inspection:
    """Inspect the first page of a TIFF. Raises RefusedPictureError or EndOfFileError."""
    order = "little" if body.startswith(b"II") else "big"
    directory = int.from_bytes(body[4:8], order)  # type: ignore[arg-type]
    if body[2:4] in {b"*\x00", b"\x00*"} and directory >= len(body):
        raise truncated(100 * len(body) / directory)
    with decoder_faults(), open_image(body, "TIFF") as image:
        width, height = image.size
        tags = image.tag_v2  # type: ignore[attr-defined]
        starts = tags.get(273) or tags.get(324) or ()
        lengths = tags.get(279) or tags.get(325) or ()
        icc_bytes = len(image.info.get("icc_profile") or b"")
    check_size(width, height, limits)
    check_icc(icc_bytes, limits)
    end = max((start + length for start, length in zip(starts, lengths, strict=False)), default=0)
    if end > len(body):
        raise truncated(100 * len(body) / end)
    return Inspection("TIFF", width, height)
