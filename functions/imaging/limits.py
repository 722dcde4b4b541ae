"""Every limit on what an upload may be, with its unit and where its number comes from. Checked by header first
(inspection.py), again while decoding (decoding.py), and held by the sandbox where a decoder cannot be interrupted.
"""

from dataclasses import dataclass

from functions.shared.limits import UploadLimits
from functions.shared.variant import LARGEST_SIDE_PX

MIB = 1024 * 1024
MEGAPIXEL = 1_000_000


@dataclass(frozen=True)
class Limits(UploadLimits):
    """What an original may cost. A stage sets those of UploadLimits; memory follows from the function's size."""

    max_memory_bytes: int = 2048 * MIB
    """Memory that decoding may take; 64 megapixels as progressive JPEG peak near 1 GB, other formats below."""

    max_icc_bytes: int = 4 * MIB
    """Size of a colour profile: the largest CMYK press profiles in use have 2.7 MiB."""

    max_text_bytes: int = MIB
    """Size of one PNG text chunk or profile after decompression: Pillow's own MAX_TEXT_CHUNK."""

    max_texts_bytes: int = 64 * MIB
    """Size of all PNG texts together after decompression: Pillow's own MAX_TEXT_MEMORY."""

    max_text_chunks: int = 256
    """PNG text chunks: 200,000 of them cost 0.7 s, real files have fewer than 30."""

    max_chunks: int = 65_536
    """PNG, WebP and JPEG pieces of any kind, outermost ISO boxes, tags of a TIFF: 300,000 empty PNG chunks cost 1.3 s.
    64 MiB of PNG in the usual pieces of 8 KiB has 8,192."""

    max_gif_blocks: int = 600_000
    """GIF data blocks of at most 255 bytes: twice what 64 MiB needs when the blocks are full."""

    max_pieces: int = 65_536
    """Strips or tiles of a TIFF: one per row and plane at the longest side. 2 million took 17 s to decode."""

    max_entries: int = 4_096
    """Items, properties, samples or references of an AVIF or HEIC; 64 megapixels in 256 px tiles need 1,000 items."""

    max_scans: int = 100
    """Scans of a progressive JPEG: encoders write 3 to 20; a bomb repeats one thousands of times."""

    max_scan_pixels: int = 1_600 * MEGAPIXEL
    """Scans × pixels of a progressive JPEG: each scan visits every pixel, 64 megapixels in 10 scans are 640."""


DEFAULT_LIMITS = Limits()

KEPT_ANIMATION_PIXELS = 64 * MEGAPIXEL
"""Pixels of all frames together that are kept of an animation: 256 MB in memory, and 5 s of encoding at the 13
megapixels a second that animated WebP was measured to take. Larger ones are scaled down frame by frame while
decoding, so that all frames are kept."""

LONGEST_FRAME_MS = 2**24 - 1
"""Longest duration of a frame in ms: what a WebP can store, four and a half hours."""

MOST_PLAYS = 65_535
"""Most plays of an animation that does not loop for ever: what a WebP can store."""

LONGEST_KEPT_SIDE_PX = LARGEST_SIDE_PX
"""Longest side in px of what is stored of a picture; a larger one is scaled down while it is decoded. It is the largest
that anyone can ask for, so nothing is delivered at more than 1.875 times the resolution at which it was judged, whose
longest side is 2,048 px (looks.py)."""

MAX_STILL_BYTES = 16 * MIB
"""Size of one stored still. Only noise and large photographs with alpha come near it: 3840 x 3840 px of noise have
30 MB as JPEG at quality 92 and 59 MB without loss."""

MAX_ANIMATION_BYTES = 32 * MIB
"""Size of one stored animation: half of what 64 megapixels of noise take as WebP at quality 90."""
