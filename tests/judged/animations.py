"""Random animations: harmless ones of common kinds, and ones with flagged frames in any place.

A seed always gives the same animation. Smooth fields with edges, texture and noise replace photographs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tests import pictures
from tests.judged.tricks import subject

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Animation:
    """Frames of one size in mode RGB or RGBA, and what kind of animation it is. ``flagged`` is where, in each frame."""

    kind: str
    frames: list[Image.Image]
    durations_ms: list[int]
    flagged: Box | None = None

    def encoded(self, pillow_format: str = "WEBP") -> bytes:
        """Return the file, lossless if the format supports it."""
        options = {"lossless": True, "quality": 0, "method": 0} if pillow_format == "WEBP" else {}
        options |= {"disposal": 2} if pillow_format == "GIF" else {}
        return pictures.encoded(
            self.frames[0],
            pillow_format,
            save_all=True,
            append_images=self.frames[1:],
            duration=self.durations_ms,
            loop=0,
            **options,
        )


# --- content


def photo(dice: Random, width: int, height: int) -> Image.Image:
    """Return a picture with the statistics of a photograph: large shapes, some edges, texture."""
    random = np.random.default_rng(dice.randrange(2**32))
    field = np.zeros((height, width, 3))
    for octave in range(5):
        cells = 3 * 2**octave
        coarse = Image.fromarray(random.integers(0, 256, (cells, cells, 3), dtype=np.uint8), "RGB")
        field += np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float64) / 2**octave
    low, high = field.min(), field.max()
    image = Image.fromarray(((field - low) / (high - low) * 255).astype(np.uint8), "RGB")
    canvas = ImageDraw.Draw(image)
    for _ in range(dice.randrange(4)):
        x, y, side = dice.randrange(width), dice.randrange(height), dice.randrange(8, max(9, width // 3))
        canvas.ellipse((x, y, x + side, y + side), fill=tuple(dice.randrange(256) for _ in range(3)))
    return image


def noisy(image: Image.Image, dice: Random, sigma: float) -> Image.Image:
    """Return an image as a sensor shows it."""
    random = np.random.default_rng(dice.randrange(2**32))
    pixels = np.asarray(image, dtype=np.float64)
    return Image.fromarray(np.clip(pixels + random.normal(0, sigma, pixels.shape), 0, 255).astype(np.uint8), image.mode)


def _size(dice: Random) -> tuple[int, int]:
    return dice.choice([(160, 120), (240, 180), (200, 200), (180, 240), (320, 180)])


# --- harmless


def _slides(dice: Random) -> list[Image.Image]:
    size = _size(dice)
    scenes = [photo(dice, *size) for _ in range(dice.randrange(2, 5))]
    frames = []
    for here, there in zip(scenes, [*scenes[1:], scenes[0]], strict=True):
        frames += [here] * dice.randrange(1, 8)
        frames += [Image.blend(here, there, step / 10) for step in range(1, 10)]
    return frames


def _handheld(dice: Random) -> list[Image.Image]:
    width, height = _size(dice)
    scene = photo(dice, width + 60, height + 60)
    x = y = 30.0
    frames = []
    for _ in range(dice.randrange(10, 65)):
        x, y = (min(60, max(0, at + dice.uniform(-4, 4))) for at in (x, y))
        frames.append(noisy(scene.crop((int(x), int(y), int(x) + width, int(y) + height)), dice, 3))
    return frames


def _typing(dice: Random) -> list[Image.Image]:
    width, height = _size(dice)
    text = "Sphinx of black quartz, judge my vow. " * 3
    frames = []
    for count in range(dice.randrange(20, 110)):
        page = Image.new("RGB", (width, height), "white")
        canvas = ImageDraw.Draw(page)
        for row in range(0, count, width // 8):
            canvas.text((6, 6 + 16 * row // (width // 8)), text[row : min(count, row + width // 8)], fill="black")
        if count % 2:
            canvas.rectangle((6 + count % (width // 8) * 6, 8, 7 + count % (width // 8) * 6, 20), fill="black")
        frames.append(page)
    return frames


def _pointer(dice: Random) -> list[Image.Image]:
    width, height = dice.choice([(480, 300), (400, 400), (640, 360)])
    page = pictures.page(width, height)
    frames = []
    for step in range(dice.randrange(20, 60)):
        frame = page.copy()
        x, y = width // 5 + step * 5, height // 4 + step * 3
        ImageDraw.Draw(frame).polygon([(x, y), (x, y + 12), (x + 8, y + 8)], fill="white", outline="black")
        frames.append(frame)
    return frames


def _spinner(dice: Random) -> list[Image.Image]:
    width, height = _size(dice)
    steps = dice.randrange(8, 31)
    once = []
    for step in range(steps):
        frame = Image.new("RGB", (width, height), "white")
        middle = (width // 2 - 30, height // 2 - 30, width // 2 + 30, height // 2 + 30)
        ImageDraw.Draw(frame).arc(middle, 360 * step // steps, 360 * step // steps + 90, fill="navy", width=8)
        once.append(frame)
    return once * dice.randrange(1, 240 // steps)


def _talking(dice: Random) -> list[Image.Image]:
    size = _size(dice)
    scene = photo(dice, *size)
    frames = []
    for step in range(dice.randrange(20, 120)):
        frame = scene.copy()
        opened = 3 + 9 * abs(step % 10 - 5) // 5
        middle = (size[0] // 2 - 12, size[1] // 2 - opened, size[0] // 2 + 12, size[1] // 2 + opened)
        ImageDraw.Draw(frame).ellipse(middle, fill=(120, 30, 30))
        frames.append(noisy(frame, dice, 3))
    return frames


def _moving(dice: Random) -> list[Image.Image]:
    return pictures.moving_frames(dice.randrange(8, 65), *_size(dice))


def _pan(dice: Random) -> list[Image.Image]:
    width, height = _size(dice)
    count, step = dice.randrange(10, 65), dice.choice([1, 2, 4, 7])
    scene = photo(dice, width + count * step, height)
    return [scene.crop((at * step, 0, at * step + width, height)) for at in range(count)]


def _still_noise(dice: Random) -> list[Image.Image]:
    scene, count = photo(dice, *_size(dice)), dice.randrange(20, 200)
    return [noisy(scene, dice, dice.choice([2, 4, 6])) for _ in range(count)]


def _fade(dice: Random) -> list[Image.Image]:
    scene, count = photo(dice, *_size(dice)), dice.randrange(10, 100)
    black = Image.new("RGB", scene.size)
    return [Image.blend(black, scene, at / count) for at in range(count)]


def _sticker(dice: Random, *, smooth: bool, shadow: bool, count: int) -> list[Image.Image]:
    side = dice.choice([160, 240, 320])
    colors = [tuple(dice.randrange(256) for _ in range(3)) for _ in range(3)]
    frames = []
    for step in range(count):
        scale = 4 if smooth else 1
        big = Image.new("RGBA", (side * scale, side * scale), (0, 0, 0, 0))
        canvas = ImageDraw.Draw(big)
        x = side * scale * (20 + 60 * step // count) // 100
        for ring, color in enumerate(colors):
            radius = side * scale * (18 - 5 * ring) // 100
            middle = side * scale // 2 + (side * scale // 20) * (step % 5 - 2)
            canvas.ellipse((x - radius, middle - radius, x + radius, middle + radius), fill=(*color, 255))
        frame = big.resize((side, side), Image.Resampling.LANCZOS) if smooth else big
        if shadow:
            below = Image.new("RGBA", frame.size, (0, 0, 0, 0))
            soft = frame.getchannel("A").filter(ImageFilter.GaussianBlur(side / 30)).point(lambda level: level * 2 // 5)
            below.putalpha(soft)
            below.alpha_composite(frame)
            frame = below
        frames.append(frame)
    return frames


HARMLESS: dict[str, tuple[int, Callable[[Random], list[Image.Image]]]] = {
    "slides with cross-fades": (3, _slides),
    "video in the hand": (3, _handheld),
    "typing": (2, _typing),
    "pointer": (2, _pointer),
    "spinner": (2, _spinner),
    "talking": (3, _talking),
    "moving object": (3, _moving),
    "pan": (2, _pan),
    "still with noise": (2, _still_noise),
    "fade": (2, _fade),
    "sticker with hard edges": (
        3,
        lambda dice: _sticker(dice, smooth=False, shadow=False, count=dice.randrange(8, 61)),
    ),
    "sticker": (3, lambda dice: _sticker(dice, smooth=True, shadow=False, count=dice.randrange(8, 61))),
    "sticker with a shadow": (1, lambda dice: _sticker(dice, smooth=True, shadow=True, count=dice.randrange(4, 13))),
}
"""Kinds of harmless animations with how often each comes: up to 64 frames that differ, or more that differ little."""


def harmless_kind(seed: int) -> str:
    """Return the kind of a harmless animation without creating it."""
    return Random(seed).choices(list(HARMLESS), [weight for weight, _ in HARMLESS.values()])[0]


def harmless(seed: int) -> Animation:
    """Return a harmless animation."""
    dice, kind = Random(f"{seed} of a kind"), harmless_kind(seed)
    frames = HARMLESS[kind][1](dice)
    return Animation(kind, frames, [dice.choice([40, 60, 80, 100]) for _ in frames])


# --- with flagged frames


def flagged(seed: int) -> Animation:
    """Return an innocent animation in which some frames, or parts of some, show something else."""
    dice = Random(seed)
    width, height = _size(dice)
    count = dice.choice([2, 3, 9, 17, 40, 64, 64, 80, 120])
    frames = _innocent(dice, width, height, count)
    trick = dice.choice(list(_TRICKS))
    secret = subject(width, height, seed=dice.randrange(2**32)).convert("RGB")
    frames, box = _TRICKS[trick](dice, frames, secret)
    durations = [dice.choice([40, 80, 100]) for _ in frames]
    if trick == "longest frame":
        durations[dice.randrange(len(durations))] = 60_000
    return Animation(trick, frames, durations, box)


def _innocent(dice: Random, width: int, height: int, count: int) -> list[Image.Image]:
    scene = photo(dice, width + 2 * count, height)
    kind = dice.choice(["still", "pan", "noise"])
    if kind == "pan":
        return [scene.crop((2 * at, 0, 2 * at + width, height)) for at in range(count)]
    still = scene.crop((0, 0, width, height))
    return [noisy(still, dice, 3) if kind == "noise" else still.copy() for _ in range(count)]


Tricked = tuple[list[Image.Image], Box]


def _whole(image: Image.Image) -> Box:
    return (0, 0, *image.size)


def _one_frame(dice: Random, frames: list[Image.Image], secret: Image.Image) -> Tricked:
    frames[dice.randrange(len(frames))] = secret
    return frames, _whole(secret)


def _between_samples(dice: Random, frames: list[Image.Image], secret: Image.Image) -> Tricked:
    """Replace every frame except eight evenly spaced ones."""
    count = len(frames)
    spared = {round(index * (count - 1) / max(1, min(count, 8) - 1)) for index in range(min(count, 8))}
    changed = [frame if index in spared else secret for index, frame in enumerate(frames)]
    return changed, _whole(secret)


def _inset(dice: Random, frames: list[Image.Image], secret: Image.Image) -> Tricked:
    width, height = secret.size
    part = dice.choice([2, 4, 8, 16])
    box_size = (max(4, width // part), max(4, height // part))
    x, y = dice.randrange(width - box_size[0] + 1), dice.randrange(height - box_size[1] + 1)
    small = secret.resize(box_size)
    for index in dice.sample(range(len(frames)), min(len(frames), dice.choice([1, 1, 5]))):
        frames[index].paste(small, (x, y))
    return frames, (x, y, x + box_size[0], y + box_size[1])


def _cross_fade(dice: Random, frames: list[Image.Image], secret: Image.Image) -> Tricked:
    start = dice.randrange(len(frames))
    for step, index in enumerate(range(start, min(len(frames), start + 12))):
        frames[index] = Image.blend(frames[index], secret, min(1.0, (step + 1) / 8))
    return frames, _whole(secret)


def _drift(dice: Random, frames: list[Image.Image], secret: Image.Image) -> Tricked:
    """Turn the first frame into the secret, so slowly that no two neighbours differ."""
    first = frames[0]
    return [Image.blend(first, secret, index / len(frames)) for index in range(len(frames))], _whole(secret)


def _checkerboard(dice: Random, frames: list[Image.Image], secret: Image.Image) -> Tricked:
    """Encode the secret in the contrast of a checkerboard whose mean is the frame's own."""
    index = dice.randrange(len(frames))
    base = np.asarray(frames[index], dtype=np.float64) / 2 + 64
    strength = np.asarray(secret, dtype=np.float64) / 4
    sign = np.where(np.add.outer(np.arange(base.shape[0]), np.arange(base.shape[1])) % 2, 1, -1)[..., None]
    grey = Image.fromarray(base.astype(np.uint8), "RGB")
    frames = [grey.copy() for _ in frames]
    frames[index] = Image.fromarray((base + sign * strength).clip(0, 255).astype(np.uint8), "RGB")
    return frames, _whole(secret)


_TRICKS: dict[str, Callable[[Random, list[Image.Image], Image.Image], Tricked]] = {
    "one frame": _one_frame,
    "longest frame": _one_frame,
    "all but the sampled frames": _between_samples,
    "inset": _inset,
    "cross-fade": _cross_fade,
    "slow drift": _drift,
    "checkerboard": _checkerboard,
}
