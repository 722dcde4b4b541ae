"""The originals of the benchmark: six photographs of 8 to 24 megapixels, created identically on every machine.

Four are NASA photographs from npm packages: the Earth by day (Blue Marble) and by night as packaged, and two crops of
the Moon's surface (LRO). No package has camera files, so the progressive original and the phone's are mosaics of
scikit-image's photographs at their native resolution with sensor noise: they have texture at the scale of single pixels
and as many bytes per pixel as camera files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

CACHE = Path(__file__).parent / ".cache"
NODE_MODULES = CACHE / "node" / "node_modules"
FOLDER = CACHE / "photos"

TILES = (
    "astronaut.png",
    "chelsea.png",
    "coffee.png",
    "motorcycle_left.png",
    "rocket.jpg",
    "retina.jpg",
    "hubble_deep_field.jpg",
    "motorcycle_right.png",
    "ihc.png",
)


@dataclass(frozen=True)
class Photo:
    """One original: a file, and its name in tables."""

    name: str
    path: Path
    width: int
    height: int
    title: str

    @property
    def megapixels(self) -> float:
        """Pixels in millions."""
        return self.width * self.height / 1e6


def photos() -> list[Photo]:
    """Return the originals; create missing ones (about 10 s)."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    Image.MAX_IMAGE_PIXELS = None  # the Moon has 66 megapixels
    made = []
    for name, title, build in (
        ("progressive", "mosaic, progressive JPEG 4:2:0", lambda: _camera(5184, 3456, 480, seed=1, progressive=True)),
        (
            "phone",
            "mosaic, baseline JPEG 4:2:0 of a phone",
            lambda: _camera(4032, 3024, 360, seed=2, progressive=False),
        ),
        ("earth", "Earth (NASA), as packaged", lambda: _earth("blue-marble")),
        ("night", "Earth at night (NASA), as packaged", lambda: _earth("night")),
        ("moon", "Moon (NASA/LRO), at half size", lambda: _moon((0, 0, 11468, 5734), reduce=2)),
        ("highlands", "Moon (NASA/LRO), crop", lambda: _moon((5000, 900, 11000, 4900), reduce=1)),
    ):
        path = FOLDER / f"{name}.jpg"
        if not path.exists():
            part = path.with_suffix(".part")
            part.write_bytes(build())
            part.rename(path)
        with Image.open(path) as image:
            made.append(Photo(name, path, *image.size, title))
    return made


def _earth(name: str) -> bytes:
    return (NODE_MODULES / f"three-globe/example/img/earth-{name}.jpg").read_bytes()


def _moon(box: tuple[int, int, int, int], *, reduce: int) -> bytes:
    with Image.open(NODE_MODULES / "globe.gl/example/moon-landing-sites/lunar_surface.jpg") as image:
        cut = image.convert("RGB").crop(box).reduce(reduce)
    return _jpeg(cut, quality=90, subsampling="4:2:0")


def _camera(width: int, height: int, tile: int, *, seed: int, progressive: bool) -> bytes:
    random = np.random.default_rng(seed)
    canvas = Image.new("RGB", (width, height))
    pieces = _pieces(tile, random)
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            canvas.paste(next(pieces), (left, top))
    pixels = np.asarray(canvas, dtype=np.float32)
    noise = random.standard_normal(pixels.shape, dtype=np.float32) * (1.5 + np.sqrt(pixels) * 0.1)
    noisy = Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))
    return _jpeg(noisy, quality=90, subsampling="4:2:0", progressive=progressive)


def _pieces(tile: int, random: np.random.Generator) -> Iterator[Image.Image]:
    """Yield an endless sequence of square crops of the photographs, mirrored at the edges of smaller ones."""
    sources = []
    for name in TILES:
        with (files("skimage") / "data" / name).open("rb") as file:
            sources.append(np.asarray(Image.open(file).convert("RGB")))
    while True:
        source = sources[int(random.integers(len(sources)))]
        short = [(0, max(0, tile - side)) for side in source.shape[:2]]
        source = np.pad(source, (*short, (0, 0)), mode="symmetric")
        top, left = (int(random.integers(side - tile + 1)) for side in source.shape[:2])
        piece = source[top : top + tile, left : left + tile]
        yield Image.fromarray(np.ascontiguousarray(piece[:, ::-1] if random.integers(2) else piece))


def _jpeg(image: Image.Image, *, quality: int, subsampling: str, progressive: bool = False) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=subsampling, progressive=progressive)
    return buffer.getvalue()
