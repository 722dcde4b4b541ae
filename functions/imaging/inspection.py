"""Inspects a file before it is decoded: size, frames, and how much work decoding takes.

The container of each format is walked once without decompressing pixels, so a bomb costs milliseconds. Pixel limits
alone do not stop a JPEG of 1 MB that repeats a scan thousands of times, or a PNG of 300,000 chunks. TIFF, AVIF and HEIC
are also opened by their libraries, which read headers only.
"""

from typing import Final

from functions.imaging.containers.bmp import inspect_bmp
from functions.imaging.containers.common import EndOfFileError, Inspection, check_bytes
from functions.imaging.containers.gif import inspect_gif
from functions.imaging.containers.iso import inspect_iso
from functions.imaging.containers.jpeg import inspect_jpeg
from functions.imaging.containers.png import inspect_png
from functions.imaging.containers.tiff import inspect_tiff
from functions.imaging.containers.webp import inspect_webp
from functions.imaging.limits import Limits
from functions.imaging.refusal import RefusedPictureError
from functions.imaging.signatures import ISO, check_declared_type, format_of
from functions.shared.status import Reason

_WALKS: Final = {
    "JPEG": inspect_jpeg,
    "PNG": inspect_png,
    "GIF": inspect_gif,
    "WEBP": inspect_webp,
    "BMP": inspect_bmp,
    "TIFF": inspect_tiff,
    ISO: inspect_iso,
}


def inspect(body: bytes, limits: Limits, *, content_type: str = "") -> Inspection:
    """Check a file against every limit that its header shows; ``content_type`` is the declared media type.

    Raises RefusedPictureError.
    """
    if not body:
        raise RefusedPictureError(Reason.EMPTY, "The file is empty.")
    check_bytes(len(body), limits)
    container = format_of(body)
    check_declared_type(content_type)
    try:
        return _WALKS[container](body, limits)
    except (IndexError, EndOfFileError) as error:
        raise RefusedPictureError(Reason.CORRUPT, "The file ends inside its header.") from error
