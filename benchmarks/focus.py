"""Measures how much of a subject crops keep: ``python -m benchmarks.focus`` prints the shares of docs/adr/0036.

The drawn scenes have one subject at a random place; textures, horizons and blurred lights are background. The
photographs are scikit-image's and those of samples/images, whole and in four random framings each; the boxes of their
subjects were measured by eye.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from functions.imaging.focus import focal_point
from functions.imaging.geometry import place

Box = tuple[float, float, float, float]
SAMPLES: Final = Path(__file__).parents[1] / "samples" / "images"
RATIOS: Final = ((1, 1), (9, 16), (2, 5), (5, 2), (7, 2))
"""Width and height of the crops."""
SCENES: Final = 150
FRAMINGS: Final = 4
SIZE: Final = (480, 320)
CENTER: Final = (8, 8)

PHOTOGRAPHS: Final[tuple[tuple[str, Box], ...]] = (
    ("skimage/astronaut.png", (0.30, 0.02, 0.60, 0.38)),
    ("skimage/chelsea.png", (0.29, 0.27, 0.78, 0.92)),
    ("skimage/coffee.png", (0.28, 0.04, 0.68, 0.78)),
    ("skimage/rocket.jpg", (0.47, 0.28, 0.54, 0.96)),
    ("skimage/motorcycle_left.png", (0.15, 0.13, 0.92, 0.90)),
    ("bather.webp", (0.21, 0.11, 0.78, 0.92)),
    ("camera-grey.jpg", (0.25, 0.12, 0.64, 0.45)),
    ("knife.jpg", (0.13, 0.39, 0.91, 0.60)),
    ("neon.png", (0.10, 0.17, 0.90, 0.83)),
)
"""Files, and the boxes of their subjects: left, top, right and bottom as shares of the picture."""


@dataclass(frozen=True)
class Scene:
    """A picture, and its subject's box in px."""

    image: Image.Image
    subject: Box


def kept(scene: Scene, point: tuple[int, int], ratio: tuple[int, int]) -> float:
    """Return the share of the subject that the largest crop of a ratio around a point keeps."""
    side = 16 * max(scene.image.size)
    left, top, right, bottom = place(scene.image.size, side * ratio[0], side * ratio[1], "cover", point).crop
    x0, y0, x1, y1 = scene.subject
    across, down = min(x1, right) - max(x0, left), min(y1, bottom) - max(y0, top)
    return max(0.0, across) * max(0.0, down) / ((x1 - x0) * (y1 - y0))


def share(scenes: Iterable[Scene], point_of: Callable[[Image.Image], tuple[int, int]]) -> float:
    """Return the mean share of the subject that is kept, over all crops of all scenes."""
    shares = [kept(each, point, ratio) for each in scenes for point in [point_of(each.image)] for ratio in RATIOS]
    return sum(shares) / len(shares)


def photographs() -> list[Scene]:
    """Return the photographs and their framings."""
    found = []
    for name, box in PHOTOGRAPHS:
        folder, _, file = name.rpartition("/")
        path = Path(str(files("skimage") / "data" / file)) if folder else SAMPLES / file
        image = Image.open(path).convert("RGB")
        width, height = image.size
        subject = (box[0] * width, box[1] * height, box[2] * width, box[3] * height)
        found.append(Scene(image, subject))
        random = Random(name)
        for _ in range(FRAMINGS):
            edges = (
                random.choice((0, random.uniform(0, subject[0]))), random.uniform(0, subject[1]),
                random.choice((width, random.uniform(subject[2], width))), random.uniform(subject[3], height),
            )  # fmt: skip
            left, top, right, bottom = map(int, edges)
            moved = (subject[0] - left, subject[1] - top, subject[2] - left, subject[3] - top)
            found.append(Scene(image.crop((left, top, right, bottom)), moved))
    return found


def drawn_scene(seed: int) -> Scene:
    """Return a drawn scene: one of five backgrounds, one of four subjects, and noise."""
    random = Random(seed)
    image = _background(random)
    width, height = SIZE
    side = int(height * random.uniform(0.2, 0.4))
    left, top = random.randint(0, width - side), random.randint(0, height - side)
    _draw_subject(ImageDraw.Draw(image), left, top, side, random)
    noise = Image.effect_noise(SIZE, 18).convert("RGB")
    noisy = Image.blend(image, ImageChops.overlay(image, noise), 0.4)
    return Scene(noisy, (left, top, left + side, top + side))


def _colour(random: Random) -> tuple[int, int, int]:
    return random.randint(40, 215), random.randint(40, 215), random.randint(40, 215)


def _background(random: Random) -> Image.Image:
    width, height = SIZE
    kind = random.choice(("sky", "grass", "bricks", "lights", "plain"))
    if kind == "grass":
        noise = Image.effect_noise((width // 2, height // 2), 60).resize(SIZE)
        return Image.merge("RGB", [noise.point([level * share // 10 for level in range(256)]) for share in (5, 9, 4)])
    image = Image.new("RGB", SIZE, (150, 90, 70) if kind == "bricks" else _colour(random))
    draw = ImageDraw.Draw(image)
    if kind == "sky":
        for y in range(height):
            draw.line((0, y, width, y), fill=(120 + 90 * y // height, 160 + 65 * y // height, 220 + 20 * y // height))
        draw.rectangle((0, int(height * random.uniform(0.5, 0.8)), width, height), fill=(90, 120, 70))
    elif kind == "bricks":
        for row, y in enumerate(range(0, height, 16)):
            draw.line((0, y, width, y), fill=(200, 190, 180), width=2)
            for x in range(row % 2 * 16, width, 32):
                draw.line((x, y, x, y + 16), fill=(200, 190, 180), width=2)
    elif kind == "lights":
        for _ in range(25):
            x, y, radius = random.randint(0, width), random.randint(0, height), random.randint(10, 50)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_colour(random))
        return image.filter(ImageFilter.GaussianBlur(14))
    return image


def _draw_subject(draw: ImageDraw.ImageDraw, left: int, top: int, side: int, random: Random) -> None:
    def box(x0: float, y0: float, x1: float, y1: float) -> Box:
        return left + side * x0, top + side * y0, left + side * x1, top + side * y1

    kind = random.choice(("person", "ball", "animal", "page"))
    if kind == "person":
        draw.ellipse(box(0.25, 0, 0.75, 0.5), fill=random.choice(((224, 172, 140), (198, 134, 96), (120, 76, 52))))
        draw.rectangle(box(0.1, 0.5, 0.9, 1), fill=_colour(random))
        draw.ellipse(box(0.38, 0.18, 0.44, 0.24), fill=(20, 20, 20))
        draw.ellipse(box(0.56, 0.18, 0.62, 0.24), fill=(20, 20, 20))
    elif kind == "ball":
        draw.ellipse(
            box(0, 0, 1, 1), fill=random.choice(((220, 40, 30), (240, 200, 30), (30, 60, 200), (240, 240, 240)))
        )
    elif kind == "animal":
        draw.ellipse(box(0, 0.3, 1, 1), fill=(35, 30, 28))
        draw.polygon([*box(0, 0.6, 0.1, 0), *box(0.4, 0.4, 0.4, 0.4)], fill=(35, 30, 28))
        draw.ellipse(box(0.2, 0.5, 0.3, 0.6), fill=(240, 220, 90))
    else:
        draw.rectangle(box(0, 0.2, 1, 0.8), fill=(250, 250, 250))
        for line in range(4):
            draw.rectangle(box(0.1, 0.28 + 0.13 * line, 0.9, 0.34 + 0.13 * line), fill=(20, 20, 20))


def main() -> None:
    """Print the shares."""
    for title, scenes in (
        ("photographs", photographs()),
        ("drawn scenes", [drawn_scene(seed) for seed in range(SCENES)]),
    ):
        center, auto = share(scenes, lambda _: CENTER), share(scenes, focal_point)
        print(f"{title}: {len(scenes)} pictures, {len(RATIOS)} crops each: center {center:.3f}, auto {auto:.3f}")


if __name__ == "__main__":
    main()
