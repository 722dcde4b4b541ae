"""Measures functions/imaging/similarity.py on typical changes between frames, and on different pictures.

`python -m benchmarks.similarity` prints, for sixteen photographs, charts and pages at each width, the largest
difference and the median in windows of 1/16, 1/8 and 1/4 of the side; the limits are in the first row. docs/adr/0019
uses it.
"""

from collections.abc import Callable, Iterator
from importlib.resources import files
from statistics import median

import numpy as np
from PIL import Image, ImageDraw

from functions.imaging.similarity import LIMITS, Fingerprint, differences_of
from tests import pictures

WIDTHS = (120, 240, 480, 1_000)
PHOTOS = (
    *("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "retina.jpg", "hubble_deep_field.jpg", "ihc.png"),
    *("camera.png", "moon.png", "page.png", "text.png", "brick.png", "grass.png", "gravel.png"),
    *("motorcycle_left.png", "motorcycle_right.png"),
)

RANDOM = np.random.default_rng(3)

Change = Callable[[Image.Image], tuple[Image.Image, Image.Image]]


def main() -> None:
    """Print the table."""
    photos = [_photo(name) for name in PHOTOS if (files("skimage") / "data" / name).is_file()]
    print("| change | width, px | " + " | ".join(f"1/{96 // side}" for side in LIMITS) + " |")
    print("|---|---|" + "---|" * len(LIMITS))
    print("| limit | | " + " | ".join(map(str, LIMITS.values())) + " |")
    for width in WIDTHS:
        sized = [photo.resize((width, round(photo.height * width / photo.width))) for photo in photos]
        for name, change in _changes(sized):
            found = [differences_of(*map(Fingerprint.of, change(photo))) for photo in sized]
            columns = [[each[side] for each in found] for side in LIMITS]
            cells = " | ".join(f"{max(column)} ({median(column):.0f})" for column in columns)
            print(f"| {name} | {width} | {cells} |", flush=True)


def _changes(photos: list[Image.Image]) -> Iterator[tuple[str, Change]]:
    for sigma in (3, 6, 10):
        yield f"sensor noise, sigma {sigma}", lambda photo, sigma=sigma: (_noisy(photo, sigma), _noisy(photo, sigma))
    for colors in (256, 64):
        yield (
            f"GIF of {colors} colours, dithered again",
            lambda photo, colors=colors: (_dithered(_noisy(photo, 2), colors), _dithered(_noisy(photo, 2), colors)),
        )
    for pillow_format, quality in (("JPEG", 60), ("WEBP", 60), ("WEBP", 30)):
        yield (
            f"{pillow_format} at quality {quality}",
            lambda photo, kind=pillow_format, quality=quality: (photo, _lossy(photo, kind, quality)),
        )
    yield "a caret of 2 x 16 px", lambda photo: (photo, _with_caret(photo))
    yield "a pointer of 12 px", lambda photo: (photo, _with_pointer(photo, 12))
    yield "a pointer of 20 px", lambda photo: (photo, _with_pointer(photo, 20))
    for pixels in (1, 3, 10):
        yield f"a pan of {pixels} px", lambda photo, pixels=pixels: _panned(photo, pixels)
    others = {id(photo): other for photo, other in zip(photos, [*photos[5:], *photos[:5]], strict=True)}
    for percent in (5, 10, 15, 25):
        yield (
            f"a cross-fade of {percent} %",
            lambda photo, percent=percent: (photo, _faded(photo, others[id(photo)], percent / 100)),
        )
    for part in (16, 8, 4):
        yield (
            f"another picture in 1/{part} of the side",
            lambda photo, part=part: (photo, _with_inset(photo, others[id(photo)], part)),
        )


def _photo(name: str) -> Image.Image:
    with (files("skimage") / "data" / name).open("rb") as file:
        return Image.open(file).convert("RGB")


def _noisy(photo: Image.Image, sigma: float) -> Image.Image:
    pixels = np.asarray(photo, dtype=np.float64)
    return Image.fromarray(np.clip(pixels + RANDOM.normal(0, sigma, pixels.shape), 0, 255).astype(np.uint8))


def _dithered(photo: Image.Image, colors: int) -> Image.Image:
    palette = photo.quantize(colors, Image.Quantize.MEDIANCUT)
    return photo.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).convert("RGB")


def _lossy(photo: Image.Image, pillow_format: str, quality: int) -> Image.Image:
    return pictures.opened(pictures.encoded(photo, pillow_format, quality=quality)).convert("RGB")


def _with_caret(photo: Image.Image) -> Image.Image:
    changed = photo.copy()
    changed.paste("black", (photo.width // 3, photo.height // 3, photo.width // 3 + 2, photo.height // 3 + 16))
    return changed


def _with_pointer(photo: Image.Image, side: int) -> Image.Image:
    changed = photo.copy()
    x, y = photo.width // 2, photo.height // 3
    ImageDraw.Draw(changed).polygon([(x, y), (x, y + side), (x + side * 2 // 3, y + side * 2 // 3)], "white", "black")
    return changed


def _panned(photo: Image.Image, pixels: int) -> tuple[Image.Image, Image.Image]:
    width = photo.width - pixels
    return photo.crop((0, 0, width, photo.height)), photo.crop((pixels, 0, photo.width, photo.height))


def _faded(photo: Image.Image, other: Image.Image, weight: float) -> Image.Image:
    return Image.blend(photo, other.resize(photo.size), weight)


def _with_inset(photo: Image.Image, other: Image.Image, part: int) -> Image.Image:
    changed = photo.copy()
    size = (max(1, photo.width // part), max(1, photo.height // part))
    corner = [int(RANDOM.integers(0, whole - side + 1)) for whole, side in zip(photo.size, size, strict=True)]
    changed.paste(other.resize(size), (corner[0], corner[1]))
    return changed


if __name__ == "__main__":
    main()
