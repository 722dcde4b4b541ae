"""How much detail can be recovered from blurred pictures; tests/details.py defines the measure.

`python -m benchmarks.irreversibility` prints the tables of docs/adr/0025, in about a minute.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from functions.imaging.blurring import SMOOTHING, BlurredCopies, grid_of, mosaic
from functions.shared.options import MAX_CELLS, Blur, BlurKind
from tests.details import (
    Grey,
    box,
    details_left,
    figure,
    from_many_frames,
    gaussian,
    luma,
    pin,
    shifted_cells,
)

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "images"
CELLS = (16, 12, 8, 6, 4)
FRAMES = (1, 8, 16, 64)
SCENE_PX = 256
STEPS = 300


def main() -> None:
    """Measure stills and animations, and print each row as soon as it is complete."""
    titles = ["Gaussian, 3 %", *(f"mosaic, {cells}" for cells in CELLS), "mosaic as stored", "tile"]
    print(f"| picture | {' | '.join(titles)} |\n|---{'|---' * len(titles)}|", flush=True)
    for name, image in _pictures():
        print(f"| {name} | {' | '.join(f'{left:.2f}' for left in _stills(image))} |", flush=True)
    print("\n| picture | frames | a mosaic for each frame | one of their mean |\n|---|---|---|---|", flush=True)
    for name, image in _pictures():
        scene = luma(image.resize((SCENE_PX, SCENE_PX)))
        for frames in FRAMES:
            each, mean = _frames(scene, frames)
            print(f"| {name} | {frames} | {each:.2f} | {mean:.2f} |", flush=True)


def _pictures() -> Iterator[tuple[str, Image.Image]]:
    yield "figure", figure()
    yield "PIN", pin()
    with Image.open(SAMPLES / "cat.webp") as cat:
        cat.thumbnail((600, 600))
        yield "cat", cat.convert("RGB")


def _stills(image: Image.Image) -> Iterator[float]:
    sharp = luma(image)
    sigma = max(6.0, 0.03 * max(image.size))
    yield details_left(
        sharp, luma(_as_jpeg(image.filter(ImageFilter.GaussianBlur(sigma)))), [gaussian(sharp.shape, sigma)]
    )
    for cells in CELLS:
        small = mosaic(image, grid_of(image.size, cells))
        blurs = _blurs_of(sharp, small.size)
        methods = (
            Image.Resampling.NEAREST,
            Image.Resampling.BILINEAR,
            Image.Resampling.BICUBIC,
            Image.Resampling.LANCZOS,
        )
        yield max(details_left(sharp, luma(small.resize(image.size, method)), blurs) for method in methods)
    for blur in (Blur(), Blur(BlurKind.TILE)):
        stored = BlurredCopies([image], image.size, blur).at(image.width).frames[0]
        yield details_left(sharp, luma(_as_jpeg(stored)), _blurs_of(sharp, grid_of(image.size, blur.cells)))


def _blurs_of(sharp: Grey, grid: tuple[int, int]) -> list[Grey]:
    """Return the transfer functions that an attacker would assume for a mosaic of this grid."""
    cell = (sharp.shape[1] / grid[0], sharp.shape[0] / grid[1])
    mean, smooth = box(sharp.shape, cell), gaussian(sharp.shape, SMOOTHING * cell[0])
    return [mean, smooth, mean * smooth]


def _as_jpeg(image: Image.Image) -> Image.Image:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=92, subsampling="4:4:4")
    return Image.open(buffer)


def _frames(scene: Grey, frames: int) -> tuple[float, float]:
    """Return the details recovered from a panning camera: with a mosaic per frame, and with one mosaic of the mean."""
    cells = MAX_CELLS
    shifts = np.random.default_rng(1).integers(0, SCENE_PX // cells, (frames, 2))
    mosaics = [np.round(shifted_cells(scene, shift, cells)) for shift in shifts]
    each = from_many_frames(mosaics, shifts, SCENE_PX, steps=STEPS)
    mean = np.round(np.mean(mosaics, 0))
    enlarged = luma(Image.fromarray(mean.astype(np.uint8)).resize((SCENE_PX, SCENE_PX), Image.Resampling.BICUBIC))
    blurs = _blurs_of(scene, (cells, cells))
    return details_left(scene, each, blurs), details_left(scene, enlarged, blurs)


if __name__ == "__main__":
    main()
