"""The limits on uploads, with their units and the sources of their numbers.

They are checked in the header (inspection.py) and again while decoding (decoding.py); the sandbox enforces them on
decoders that cannot be interrupted.
"""

from dataclasses import dataclass

from functions.shared.limits import UploadLimits
from functions.shared.variant import LARGEST_SIDE_PX

MIB = 1024 * 1024
MEGAPIXEL = 1_000_000


@dataclass(frozen=True)
class Limits(UploadLimits):
    """Limits on an original. A stage sets those of UploadLimits; the memory depends on the function's size."""

    max_memory_bytes: int = 2048 * MIB
    """Memory for decoding; a progressive JPEG of 64 megapixels takes almost 1 GB, other formats less."""

    max_chunks: int = 65_536
    """Chunks of a PNG or WebP, segments of a JPEG, top-level ISO boxes, tags of a TIFF; 300,000 empty PNG chunks take
    1.3 s. A PNG of 64 MiB in the usual chunks of 8 KiB has 8,192."""

    max_gif_blocks: int = 600_000
    """GIF data blocks of at most 255 bytes: twice as many as 64 MiB in full blocks."""

    max_pieces: int = 65_536
    """Strips or tiles of a TIFF: one per row and plane at the longest side. 2 million take 17 s to decode."""

    max_entries: int = 4_096
    """Items, properties, samples or references of an AVIF or HEIC; 64 megapixels in 256 px tiles have 1,000 items."""

    max_scans: int = 100
    """Scans of a progressive JPEG; encoders write 3 to 20, a bomb repeats one thousands of times."""

    max_scan_pixels: int = 1_600 * MEGAPIXEL
    """Scans × pixels of a progressive JPEG: each scan visits every pixel. 64 megapixels in 10 scans are 640 million."""


WALL_FACTOR = 1.5
"""Wall-clock time for decoding, as a multiple of its CPU time: 90 s for 60 s. Lambda ends `optimize` after 120 s. Its
memory has 1.7 vCPU, so only a busy host makes the wall-clock time longer than the CPU time."""

DEFAULT_LIMITS = Limits()

KEPT_ANIMATION_PIXELS = 64 * MEGAPIXEL
"""Pixels of all frames that are kept of an animation: 256 MB in memory, and 5 s of encoding (animated WebP was measured
at 13 megapixels per second). Frames of larger animations are scaled down while decoding, so all frames are kept."""

LONGEST_FRAME_MS = 2**24 - 1
"""Longest duration of a frame in ms that a WebP can store: four and a half hours."""

MAX_PLAYS = 65_535
"""Most plays of an animation that a WebP can store, unless it loops infinitely."""

LONGEST_KEPT_SIDE_PX = LARGEST_SIDE_PX
"""Longest side in px of a stored picture; a larger one is scaled down while decoding. It is the largest side that can
be requested: a variant has at most 1.875 times the resolution of the moderated views, whose longest side is 2,048 px
(renderings.py)."""

MAX_STILL_BYTES = 16 * MIB
"""Size of one stored still. Only noise and large photographs with alpha approach it: noise of 3840 x 3840 px has 30 MB
as JPEG at quality 92 and 59 MB as lossless WebP."""

MAX_ANIMATION_BYTES = 32 * MIB
"""Size of one stored animation: half the size of 64 megapixels of noise as WebP at quality 90."""
