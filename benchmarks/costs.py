"""Measures what the cost model needs: CPU times and stored bytes. Writes benchmarks/costs.json.

`python -m benchmarks.costs`, in the environment of `make bench`. It takes about a minute. CPU times are those of one
process, without its startup.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from math import exp, log
from pathlib import Path
from statistics import fmean, median
from time import process_time
from typing import Any, Final

import numpy as np
from PIL import Image

from benchmarks.photos import Photo, photos
from functions.blur.pictures import blurred_files
from functions.imaging.ingest import Ingested, ingest_here
from functions.imaging.limits import DEFAULT_LIMITS
from functions.imaging.renditions import EncodedFile
from functions.imaging.variants import VariantSpec, decode_for, encode_variant
from functions.shared.options import DEFAULT_BLUR
from functions.shared.variant import POINTS

RESULTS: Final = Path(__file__).parent / "costs.json"
ROUNDS: Final = 3
FRAMES: Final = 30
COMMON: Final = ((320, "webp", 80), (640, "webp", 80), (1080, "webp", 80), (640, "jpeg", 80), (640, "avif", 50))
"""Widths in px, formats and qualities of the variants whose mean is `serve`'s time."""


def main() -> None:
    """Measure all photos and an animation, and write the file."""
    measured = [_photo(photo) for photo in photos()]
    ratios = [each["stored_bytes"] / each["bytes"] for each in measured]
    results = {
        "date": datetime.now(UTC).date().isoformat(),
        "photos": measured,
        "stored_share": round(
            sum(each["stored_bytes"] for each in measured) / sum(each["bytes"] for each in measured), 3
        ),
        "stored_share_geometric_mean": round(exp(fmean(map(log, ratios))), 3),
        "core_ms": {
            "optimize": round(fmean(each["optimize_ms"] for each in measured), 1),
            "blur": round(fmean(each["blur_ms"] for each in measured), 1),
            "serve": round(fmean(each["serve_ms"] for each in measured), 1),
            "animation": round(_core_ms(lambda: ingest_here(_animation(), "image/gif", DEFAULT_LIMITS)), 1),
        },
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: value for name, value in results.items() if name != "photos"}, indent=1))


def _photo(photo: Photo) -> dict[str, Any]:
    body = photo.path.read_bytes()
    made: list[Ingested] = []
    optimize_ms = _core_ms(lambda: made.append(ingest_here(body, "image/jpeg", DEFAULT_LIMITS)))
    picture = made[0].picture
    files = (picture.master, *picture.renditions)
    master, smallest = files[0], min(files, key=lambda file: file.width)
    widths = tuple(file.width for file in picture.renditions)
    blur_ms = _core_ms(lambda: blurred_files(smallest.body, (master.width, master.height), widths, DEFAULT_BLUR))
    return {
        "name": photo.name,
        "megapixels": round(photo.megapixels, 1),
        "bytes": len(body),
        "stored_bytes": sum(len(file.body) for file in files),
        "optimize_ms": round(optimize_ms, 1),
        "blur_ms": round(blur_ms, 1),
        "serve_ms": round(fmean(_variant_ms(files, *each) for each in COMMON), 1),
    }


def _variant_ms(files: tuple[EncodedFile, ...], width: int, image_format: str, quality: int) -> float:
    source = min((file for file in files if file.width >= width), key=lambda file: file.width)
    spec = VariantSpec(width, None, "cover", image_format, quality, POINTS["center"], "white")
    return _core_ms(lambda: encode_variant(decode_for(spec, source.body).scaled(spec), spec))


def _animation() -> bytes:
    """Return a GIF of 30 frames of 640 x 480 px: a square that moves over a gradient."""
    gradient = np.add.outer(np.arange(480) // 4, np.arange(640) // 8).astype(np.uint8)
    frames = [Image.fromarray(gradient) for _ in range(FRAMES)]
    for number, frame in enumerate(frames):
        frame.paste(255, (number * 16, 200, number * 16 + 80, 280))
    buffer = BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=80)
    return buffer.getvalue()


def _core_ms(work: Callable[[], object]) -> float:
    """Return the median CPU time in ms; the first run loads codecs and is not counted."""
    work()
    times = []
    for _ in range(ROUNDS):
        started = process_time()
        work()
        times.append((process_time() - started) * 1000)
    return median(times)


if __name__ == "__main__":
    main()
