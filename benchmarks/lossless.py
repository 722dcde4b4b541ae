"""Measures lossless WebP of flat pictures by effort: `python -m benchmarks.lossless` prints a table of docs/adr/0034.

Three pictures are screenshots from the package aws-cdk-lib; the others are drawn. Each is measured whole and at 800 px.
Times are CPU time, the least of three.
"""

import sys
import tarfile
import time
from collections.abc import Iterator
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from statistics import geometric_mean

from PIL import Image, ImageDraw

from functions.imaging.encoding import LosslessEffort, encode_still
from functions.imaging.flatness import is_flat
from tests import pictures

WIDTH_PX = 800
SCREENSHOTS = ("ui-screenshot.png", "processed-template.png", "unprocessed-template.png")
RUNS = 3


def main() -> None:
    """Print bytes and times of each picture by effort, and the mean of the ratios to the lowest effort."""
    efforts = list(LosslessEffort)
    head = ("picture", "px", *(f"{each.name.lower()}: KB" for each in efforts), *("ms" for _ in efforts))
    sys.stdout.write(f"| {' | '.join(head)} |\n|{' -- |' * len(head)}\n")
    sizes: list[list[int]] = []
    for name, image in _scaled(_pictures()):
        if not is_flat(image):
            continue
        measured = [_measured(image, effort) for effort in efforts]
        sizes.append([size for size, _ in measured])
        kilobytes, times = ([*column] for column in zip(*measured, strict=True))
        cells = (*(f"{each / 1024:.1f}" for each in kilobytes), *(f"{each:.0f}" for each in times))
        sys.stdout.write(f"| {name} | {image.width} × {image.height} | {' | '.join(cells)} |\n")
    ratios = [geometric_mean(row[place] / row[0] for row in sizes) for place in range(len(efforts))]
    means = (f"{each:.2f}" for each in ratios)
    sys.stdout.write(f"| ÷ smooth, geometric mean | | {' | '.join(means)} |{' |' * len(efforts)}\n")


def _measured(image: Image.Image, effort: LosslessEffort) -> tuple[int, float]:
    quality, method = effort.value
    least = float("inf")
    for _ in range(RUNS):
        started = time.process_time()
        body = encode_still(image, "WEBP", b"", lossless=True, quality=quality, method=method, exact=False)
        least = min(least, time.process_time() - started)
    return len(body), least * 1_000


def _scaled(whole: Iterator[tuple[str, Image.Image]]) -> Iterator[tuple[str, Image.Image]]:
    for name, image in whole:
        yield name, image
        size = (WIDTH_PX, round(image.height * WIDTH_PX / image.width))
        yield f"{name}, scaled", image.resize(size, Image.Resampling.LANCZOS)


def _pictures() -> Iterator[tuple[str, Image.Image]]:
    for name in SCREENSHOTS:
        yield Path(name).stem, _screenshot(name)
    yield "text", pictures.prose(2_560, 1_600)
    yield "chart", _chart(2_560, 1_600)
    with_gradient = pictures.prose(1_600, 1_000)
    gradient = Image.linear_gradient("L").resize((1_600, 250))
    with_gradient.paste(Image.merge("RGB", (gradient, gradient.point(lambda level: 255 - level), gradient)), (0, 0))
    yield "text and a gradient", with_gradient


def _screenshot(name: str) -> Image.Image:
    (package,) = (Path(str(files("aws_cdk"))) / "_jsii").glob("aws-cdk-lib@*.jsii.tgz")
    with tarfile.open(package) as archive:
        for member in archive:
            if member.name.endswith(f"/{name}") and (file := archive.extractfile(member)):
                image = Image.open(BytesIO(file.read()))
                return image.convert("RGBA").convert("RGB")
    raise FileNotFoundError(name)


def _chart(width: int, height: int) -> Image.Image:
    image = Image.new("RGB", (width, height), "white")
    canvas = ImageDraw.Draw(image)
    for row in range(20):
        canvas.line((0, height * row / 20, width, height * row / 20), fill="#dddddd")
    for column, color in enumerate(("#1f77b4", "#ff7f0e", "#2ca02c") * 4):
        top = height * (0.2 + 0.7 * (column * 7 % 12) / 12)
        canvas.rectangle((width * (column + 0.2) / 12, top, width * (column + 0.8) / 12, height), fill=color)
    points = [(width * x / 100, height * (0.4 + 0.1 * (x * x % 17) / 17)) for x in range(101)]
    canvas.line(points, fill="#d62728", width=3)
    return image


if __name__ == "__main__":
    main()
