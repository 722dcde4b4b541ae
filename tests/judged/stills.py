"""Random stills, with and without alpha, with and without hidden pictures; a seed always gives the same one."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tests import pictures
from tests.judged.animations import photo
from tests.judged.tricks import subject


@dataclass(frozen=True)
class Still:
    """An upload, its pixels, and the pictures that are in it: in its colours, in its alpha, between its lines."""

    image: Image.Image
    body: bytes
    subjects: tuple[Image.Image, ...]


def random_still(seed: int) -> Still:
    """Return a random still."""
    dice = Random(seed)
    width, height = dice.choice([(96, 96), (160, 120), (200, 150), (150, 260), (400, 300), (640, 200), (100, 500)])
    colors = _colors(dice, width, height)
    image, subjects = colors, [colors]
    if dice.random() < 0.85:
        image = colors.convert("RGBA")
        image.putalpha(_alpha(dice, width, height))
        subjects.append(image.getchannel("A"))
        if dice.random() < 0.3:
            other = subject(width, height, seed=dice.randrange(2**32))
            image = _interleaved(dice, image, other)
            subjects.append(other)
    pillow_format = dice.choice(["PNG", "PNG", "WEBP", "TIFF"])
    options = {"lossless": True, "exact": True, "quality": 0, "method": 0} if pillow_format == "WEBP" else {}
    return Still(image, pictures.encoded(image, pillow_format, **options), tuple(subjects))


def _colors(dice: Random, width: int, height: int) -> Image.Image:
    kind = dice.choice(["photo", "subject", "constant", "page", "noise", "gradient"])
    if kind == "photo":
        return photo(dice, width, height)
    if kind == "subject":
        return subject(width, height, seed=dice.randrange(2**32)).convert("RGB")
    if kind == "page":
        return pictures.page(width, max(60, height)).crop((0, 0, width, height))
    if kind == "noise":
        random = np.random.default_rng(dice.randrange(2**32))
        return Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8), "RGB")
    if kind == "gradient":
        return Image.linear_gradient("L").resize((width, height)).convert("RGB")
    return Image.new("RGB", (width, height), dice.choice(["white", "black", "gray", "teal", (130, 125, 128)]))


def _alpha(dice: Random, width: int, height: int) -> Image.Image:
    secret = subject(width, height, seed=dice.randrange(2**32))
    kinds: dict[str, Callable[[], Image.Image]] = {
        "subject": lambda: secret,
        "faint": lambda: _faint(dice, secret),
        "cut": lambda: _cut(dice, width, height),
        "soft cut": lambda: _cut(dice, width, height).filter(ImageFilter.GaussianBlur(dice.choice([1, 4, 12]))),
        "dots": lambda: secret.convert("1").convert("L"),
        "dice": lambda: _diced(dice, secret),
        "threshold": lambda: secret.point([127] * 128 + [128] * 128),
        "gradient": lambda: Image.radial_gradient("L").resize((width, height)),
        "constant": lambda: Image.new("L", (width, height), dice.choice([0, 1, 2, 9, 40, 127, 128, 200, 254])),
    }
    return kinds[dice.choice(list(kinds))]()


def _faint(dice: Random, secret: Image.Image) -> Image.Image:
    low = dice.randrange(250)
    high = min(255, low + dice.randrange(1, 30))
    return secret.point([low + (high - low) * level // 255 for level in range(256)])


def _cut(dice: Random, width: int, height: int) -> Image.Image:
    mask = Image.new("L", (width, height))
    for _ in range(dice.randrange(1, 5)):
        x, y, side = dice.randrange(width), dice.randrange(height), dice.randrange(10, max(11, width // 2))
        ImageDraw.Draw(mask).ellipse((x - side, y - side, x + side, y + side), fill=255)
    return mask


def _diced(dice: Random, secret: Image.Image) -> Image.Image:
    random = np.random.default_rng(dice.randrange(2**32))
    share = 0.3 + 0.4 * np.asarray(secret, dtype=np.float64) / 255
    return Image.fromarray(np.where(random.random(share.shape) < share, 255, 0).astype(np.uint8))


def _interleaved(dice: Random, image: Image.Image, picture: Image.Image) -> Image.Image:
    """Give every second column or row another picture and another alpha."""
    pixels = np.asarray(image).copy()
    other = np.asarray(picture)[..., None]
    lines = (slice(None), slice(1, None, 2)) if dice.random() < 0.5 else (slice(1, None, 2), slice(None))
    pixels[(*lines, slice(0, 3))] = other[lines]
    pixels[(*lines, 3)] = dice.choice([0, 1, 2, 16, 128])
    return Image.fromarray(pixels, "RGBA")
