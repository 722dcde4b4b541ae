"""Compares first and refined encoders: `python -m benchmarks.refinement` prints the tables of docs/adr/0037.

Six photographs at 800 px are encoded at several qualities by the encoders of functions/imaging/encoding.py and of
refining.py, and scored. Bytes are interpolated at the target score. The offset is the difference between the qualities
at which both encoders have the same score. It takes about five minutes on two cores.
"""

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from benchmarks.photos import photos
from benchmarks.scores import score
from functions.imaging.encoding import encode
from functions.imaging.picture import DecodedPicture
from functions.imaging.quality import TARGET_SCORE
from functions.imaging.refining import encode_refined, refined_jpeg

WIDTH_PX = 800
QUALITIES = {"jpeg": (58, 68, 78), "webp": (66, 76, 84), "avif": (46, 54, 62)}
GB_SECOND = 0.0000133334
MEMORY_GB = 1769 / 1024
EGRESS_BYTE = 0.085 / 1e9
FIXED = 0.0000130
"""Dollars for the calls of one refinement: a PUT (5.0 per million), three GETs (1.2), two events (2.0), six requests of
SQS (2.4), two calls of Lambda (0.4), three reads of DynamoDB (0.4), log lines (1.0), a second call of 30 ms that finds
the file marked (0.7). us-east-1, list prices of 2026-11."""
WAITING_SECONDS = 0.1
"""Time that the function waits for S3 and DynamoDB."""


class Encoded(NamedTuple):
    """One file: the requested quality, its bytes, its score, and CPU time in ms."""

    quality: int
    bytes: int
    score: float
    ms: float


def main() -> None:
    """Measure and print one table per format."""
    sources = [(photo.name, photo.path) for photo in photos()]
    sources.append(("coffee", Path(str(files("skimage") / "data" / "coffee.png"))))
    with ProcessPoolExecutor(2) as pool:
        measured = list(pool.map(measure, *zip(*sources, strict=True)))
    for image_format in QUALITIES:
        report(image_format, {name: rows[image_format] for (name, _), rows in zip(sources, measured, strict=True)})


def measure(_name: str, path: Path) -> dict[str, tuple[list[Encoded], list[Encoded]]]:
    """Return a photograph's first and refined files by format."""
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(path) as image:
        whole = image.convert("RGB")
    if whole.width > WIDTH_PX:
        size = (WIDTH_PX, round(whole.height * WIDTH_PX / whole.width))
        whole = whole.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
    picture, rows = DecodedPicture((whole,)), {}
    with TemporaryDirectory() as folder:
        truth = Path(folder) / "truth.png"
        whole.save(truth)
        for image_format, qualities in QUALITIES.items():
            pairs = [_both(picture, image_format, quality, truth) for quality in qualities]
            rows[image_format] = ([first for first, _ in pairs], [refined for _, refined in pairs])
    return rows


def _both(picture: DecodedPicture, image_format: str, quality: int, truth: Path) -> tuple[Encoded, Encoded]:
    first, first_ms = _timed(lambda: encode(picture, image_format, quality))
    refined, refined_ms = _timed(
        lambda: refined_jpeg(first) if image_format == "jpeg" else encode_refined(picture, image_format, quality)
    )
    path = truth.with_name(f"variant.{image_format}")
    found = []
    for body, ms in ((first, first_ms), (refined, refined_ms)):
        path.write_bytes(body)
        found.append(Encoded(quality, len(body), score(truth, path), ms))
    return found[0], found[1]


def _timed(work: Any) -> tuple[bytes, float]:
    started = time.process_time()
    body = work()
    return body, (time.process_time() - started) * 1000


def report(image_format: str, rows: dict[str, tuple[list[Encoded], list[Encoded]]]) -> None:
    """Print bytes and time at the target score, the change of score at the same quality, and the break-even."""
    print(f"\n| {image_format} | first KB | ms | refined KB | ms | ratio |\n| -- | -- | -- | -- | -- | -- |")
    ratios, saved, seconds, changes = [], [], [], []
    for name, (first, refined) in rows.items():
        before, after = (_bytes_at_target(each) for each in (first, refined))
        first_ms, refined_ms = (float(np.median([each.ms for each in found])) for found in (first, refined))
        ratios.append(after / before)
        saved.append(before - after)
        seconds.append(refined_ms / 1000)
        changes += [after.score - before.score for before, after in zip(first, refined, strict=True)]
        print(
            f"| {name} | {before / 1024:.1f} | {first_ms:.0f} | {after / 1024:.1f} | {refined_ms:.0f} "
            f"| {after / before:.3f} |"
        )
    dollars = FIXED + (np.mean(seconds) + WAITING_SECONDS) * MEMORY_GB * GB_SECOND
    print(f"geometric mean {np.exp(np.mean(np.log(ratios))):.3f}")
    print(
        f"score at the same requested quality: {np.mean(changes):+.2f}, from {min(changes):+.2f} to {max(changes):+.2f}"
    )
    print(f"a refinement costs {dollars * 1e6:.1f} dollars a million, and pays after", end=" ")
    sys.stdout.write(f"{dollars / (np.mean(saved) * EGRESS_BYTE):.0f} views\n")


def _bytes_at_target(found: list[Encoded]) -> float:
    """Return the bytes at the target score, by a line through logarithms of bytes over scores."""
    slope, intercept = np.polyfit([each.score for each in found], np.log([each.bytes for each in found]), 1)
    return float(np.exp(slope * TARGET_SCORE + intercept))


if __name__ == "__main__":
    main()
