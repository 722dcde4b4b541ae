"""How malloc treats the memory of pixels, in functions that render one picture after the other."""

from typing import Final

KEEP_FREED_MEMORY: Final = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024 * 1024),
    "MALLOC_TRIM_THRESHOLD_": str(128 * 1024 * 1024),
}
"""Environment variables of glibc, in bytes: what one request frees is kept for the next, where it would be given back
and faulted in again page by page. A noisy JPEG of 1600 px takes 19 ms in place of 26. mallopt(3) has both, and 32 MiB
as the most that the first may be."""
