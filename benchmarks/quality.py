"""Fits `quality=auto`: `python -m benchmarks.quality` prints the coefficients of functions/imaging/quality.py.

It also writes benchmarks/quality.json, a comparison with fixed qualities, which docs/performance.md shows.

Each picture of a set (whole and cropped photographs, drawings, charts, text) is encoded at several qualities from a
rendition, as in serve, and scored against itself. The model predicts the quality that reaches the target score. Errors
are leave-one-out errors: each picture's quality is predicted by a model that was fitted without it. About five minutes
on two cores.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.photos import TILES, photos
from benchmarks.scores import score
from functions.imaging.encoding import encode
from functions.imaging.picture import DecodedPicture
from functions.imaging.quality import MODELS, TARGET_SCORE, ComplexityFeatures, complexity_features
from functions.imaging.renditions import ReduceChain, encoded_renditions
from functions.imaging.variants import open_rendition

QUALITIES = {
    "jpeg": (45, 60, 72, 80, 88),
    "webp": (40, 58, 70, 80, 90),
    "avif": (34, 46, 56, 66, 78),
}
RESULTS = Path(__file__).parent / "quality.json"

WIDTH_PX = 640
CUT_PX = 448
SAMPLES_FOLDER = Path(__file__).parent.parent / "samples" / "images"
SAMPLES = ("bather.webp", "cat.webp", "chart-palette.png", "knife.jpg", "mountains.jpg", "neon.png")
RIDGE = 0.005
"""Keeps the coefficients small where there are few pictures (Tikhonov factor on standardised terms)."""


class Scored(NamedTuple):
    """One encoding: its bytes and its score."""

    quality: int
    bytes: int
    score: float


class Sample(NamedTuple):
    """One picture of the set and its encodings by format."""

    name: str
    detail: ComplexityFeatures
    encodings: dict[str, list[Scored]]


def main() -> None:
    """Measure, fit, print, and write the file."""
    with ProcessPoolExecutor(2) as pool:
        samples = list(pool.map(measured, *zip(*pictures(), strict=True)))
    print(f"{len(samples)} pictures, target score {TARGET_SCORE}")
    results = {image_format: report(image_format, samples) for image_format in QUALITIES}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def pictures() -> Iterator[tuple[str, Image.Image]]:
    """Yield the set: names and RGB images of at most ``WIDTH_PX``."""
    random = np.random.default_rng(7)
    for name in TILES:
        with (files("skimage") / "data" / name).open("rb") as file:
            whole = Image.open(file).convert("RGB")
        yield name, _narrowed(whole)
        yield f"{name}, cut", _cut(whole, random)
    for photo in photos():
        with Image.open(photo.path) as image:
            whole = image.convert("RGB")
        yield photo.name, _narrowed(whole)
        for part in (2, 4):
            yield f"{photo.name}, cut of 1/{part}", _cut(whole.reduce(part), random)
    for name in SAMPLES:
        with Image.open(SAMPLES_FOLDER / name) as image:
            yield name, _narrowed(image.convert("RGBA").convert("RGB"))
    for seed in range(6):
        yield f"chart {seed}", _chart(seed)
        yield f"page {seed}", _page(seed)
        yield f"gradient {seed}", _gradient(seed)


def measured(name: str, image: Image.Image) -> Sample:
    """Encode and score one picture at every quality of every format."""
    return Sample(name, complexity_features(image), _scored(image, QUALITIES))


def _scored(image: Image.Image, wanted: dict[str, tuple[int, ...]]) -> dict[str, list[Scored]]:
    [rendition] = encoded_renditions(ReduceChain(DecodedPicture((image,))), [image.width])
    stored = open_rendition(rendition.body)
    encodings: dict[str, list[Scored]] = {}
    with TemporaryDirectory() as folder:
        truth = Path(folder) / "truth.png"
        image.save(truth)
        for image_format, qualities in wanted.items():
            path = Path(folder) / f"variant.{image_format}"
            for quality in qualities:
                path.write_bytes(encode(stored, image_format, quality))
                found = Scored(quality, path.stat().st_size, score(truth, path))
                encodings.setdefault(image_format, []).append(found)
    return encodings


def report(image_format: str, samples: list[Sample]) -> dict[str, float]:
    """Print a format's coefficients, its errors, and bytes compared with a fixed quality.

    Return the comparison with the fixed quality at which nine of ten pictures score as with automatic quality.
    """
    model = MODELS[image_format]
    wanted = np.array([_quality_for(each.encodings[image_format], TARGET_SCORE) for each in samples])
    print(f"\n{image_format}: ideal quality {wanted.min():.0f} to {wanted.max():.0f}, unbounded")
    wanted = np.clip(wanted, model.lowest, model.highest)
    terms = np.array([each.detail.terms for each in samples])
    coefficients = fitted(terms, wanted)
    others = [np.arange(len(samples)) != index for index in range(len(samples))]
    predicted = np.array([terms[index] @ fitted(terms[keep], wanted[keep]) for index, keep in enumerate(others)]).clip(
        model.lowest, model.highest
    )
    reached = [_at(each.encodings[image_format], quality) for each, quality in zip(samples, predicted, strict=True)]
    scores = np.array([each[1] for each in reached])
    errors = np.abs(predicted - wanted)
    print(f"  {tuple(round(float(each), 3) for each in coefficients)}")
    print(f"  ideal quality {wanted.min():.0f} to {wanted.max():.0f}, mean {wanted.mean():.1f}")
    print(f"  error of quality, leave-one-out: mean {errors.mean():.1f}, 90 % within {np.percentile(errors, 90):.1f}")
    print(f"  score: mean {scores.mean():.1f}, 10 % below {np.percentile(scores, 10):.1f}, spread {scores.std():.1f}")
    automatic = sum(each[0] for each in reached)
    for what, figure, target in (
        ("mean", np.mean, scores.mean()),
        ("tenth percentile of the", lambda values: np.percentile(values, 10), np.percentile(scores, 10)),
    ):
        fixed = next(
            quality
            for quality in range(20, 101)
            if figure([_at(each.encodings[image_format], quality)[1] for each in samples]) >= target
        )
        bytes_of_fixed = sum(_at(each.encodings[image_format], fixed)[0] for each in samples)
        ratios = [
            auto[0] / _at(each.encodings[image_format], fixed)[0] for auto, each in zip(reached, samples, strict=True)
        ]
        mean_ratio = float(np.exp(np.mean(np.log(ratios))))
        print(
            f"  against fixed quality {fixed}, equal {what} score: "
            f"bytes {automatic / bytes_of_fixed - 1:+.1%} in total, {mean_ratio - 1:+.1%} per picture"
        )
    return {
        "pictures": len(samples),
        "fixed_quality": fixed,
        "mean_quality": round(float(predicted.mean()), 1),
        "automatic_score": round(float(np.percentile(scores, 10)), 1),
        "fixed_score": round(
            float(np.percentile([_at(each.encodings[image_format], fixed)[1] for each in samples], 10)), 1
        ),
        "automatic_bytes": round(automatic),
        "fixed_bytes": round(bytes_of_fixed),
    }


def fitted(terms: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the coefficients of ridge regression with a small factor; the constant is not penalised."""
    mean, spread = terms[:, 1:].mean(axis=0), terms[:, 1:].std(axis=0)
    standard = (terms[:, 1:] - mean) / spread
    penalty = RIDGE * len(wanted) * np.eye(standard.shape[1])
    slopes = np.linalg.solve(standard.T @ standard + penalty, standard.T @ (wanted - wanted.mean())) / spread
    return np.concatenate(([wanted.mean() - slopes @ mean], slopes))


def _quality_for(encodings: list[Scored], target: float) -> float:
    scores = np.maximum.accumulate([each.score for each in encodings])
    return float(np.interp(target, scores, [each.quality for each in encodings]))


def _at(encodings: list[Scored], quality: float) -> tuple[float, float]:
    """Return bytes and score at a quality, interpolated."""
    qualities = [each.quality for each in encodings]
    logarithm = np.interp(quality, qualities, np.log([each.bytes for each in encodings]))
    return float(np.exp(logarithm)), float(np.interp(quality, qualities, [each.score for each in encodings]))


def _narrowed(image: Image.Image) -> Image.Image:
    width = min(image.width, WIDTH_PX)
    return image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)


def _cut(image: Image.Image, random: np.random.Generator) -> Image.Image:
    width, height = (min(CUT_PX, side) for side in image.size)
    left, top = int(random.integers(image.width - width + 1)), int(random.integers(image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def _chart(seed: int) -> Image.Image:
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (WIDTH_PX, 400), "white")
    draw = ImageDraw.Draw(image)
    for index in range(4 + 3 * seed):
        color = tuple(int(each) for each in random.integers(0, 255, 3))
        left = 30 + index * 580 // (4 + 3 * seed)
        draw.rectangle((left, int(random.integers(40, 350)), left + 20, 370), fill=color)
        draw.line([(x, int(random.integers(20, 380))) for x in range(20, 640, 60)], fill=color, width=1 + seed % 3)
        draw.text((left, 380), f"{int(random.integers(1000))} units", fill="black")
    return image


def _page(seed: int) -> Image.Image:
    random = np.random.default_rng(100 + seed)
    paper, ink = (("white", "black"), ("#1e1e2e", "#cdd6f4"), ("#fdf6e3", "#586e75"))[seed % 3]
    image = Image.new("RGB", (WIDTH_PX, 480), paper)
    draw = ImageDraw.Draw(image)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz      "))
    for top in range(10, 470, 14 + 6 * (seed % 4)):
        draw.text((12, top), "".join(random.choice(letters, 90)), fill=ink, font_size=10 + 2 * (seed % 4))
    return image


def _gradient(seed: int) -> Image.Image:
    random = np.random.default_rng(200 + seed)
    across, down = np.meshgrid(np.linspace(0, 1, WIDTH_PX), np.linspace(0, 1, 420))
    start, right, bottom = random.uniform(0, 255, (3, 3))
    pixels = start + across[..., None] * (right - start) + down[..., None] * (bottom - start) * 0.5
    pixels += random.standard_normal(pixels.shape) * seed  # from no noise to sensor noise in poor light
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


if __name__ == "__main__":
    main()
