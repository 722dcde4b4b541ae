"""Blurs decoded pixels three times and prints the times in ms.

python -m benchmarks.blur_once RAW WIDTH HEIGHT OUT
"""

import json
import sys
from pathlib import Path
from time import perf_counter

from PIL import Image

from functions.imaging.blurring import BlurredCopies
from functions.shared.options import DEFAULT_BLUR


def main() -> None:
    """Blur raw RGB pixels at full size with the functions of `blur`, and write the last result."""
    raw, width, height, out = sys.argv[1:]
    image = Image.frombytes("RGB", (int(width), int(height)), Path(raw).read_bytes())
    times = []
    for _ in range(3):
        started = perf_counter()
        soft = BlurredCopies([image], image.size, DEFAULT_BLUR).at(image.width).frames[0]
        times.append((perf_counter() - started) * 1000)
    Path(out).write_bytes(soft.tobytes())
    print(json.dumps(times))


if __name__ == "__main__":
    main()
