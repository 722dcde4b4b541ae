"""Uploads that hide a picture from a detector that sees them once, over grey: in alpha, under it, or between pixels.

Each trick is a still that has ``SUBJECT`` somewhere. The first ones are known attacks; the others are neighbours.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

WIDTH, HEIGHT = 360, 240

Plane = npt.NDArray[np.uint8]


def subject(width: int = WIDTH, height: int = HEIGHT, *, seed: int = 7) -> Image.Image:
    """Return a grey picture of strong contrast, of the kind that a detector would know: large shapes, soft edges."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), dtype=np.float64)
    low, high = smooth.min(), smooth.max()
    return Image.fromarray(((smooth - low) / (high - low) * 255).astype(np.uint8))


SUBJECT = subject()
COVER = subject(seed=23)
"""An innocent picture."""


Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Trick:
    """A way to hide a picture, which is at ``box``. Not ``visible`` is what no output may show at all."""

    name: str
    build: Callable[[], Image.Image]
    visible: bool = True
    box: Box = (0, 0, WIDTH, HEIGHT)

    @property
    def subject(self) -> Image.Image:
        """The hidden picture."""
        left, top, right, bottom = self.box
        return SUBJECT.resize((right - left, bottom - top))


def all_tricks() -> list[Trick]:
    """Return every trick."""
    return [
        *(Trick(f"alpha over constant {name}", _alpha_over(level)) for name, level in CONSTANTS.items()),
        Trick("faint alpha over constant white", _faint_alpha(255)),
        Trick("faint alpha over constant black", _faint_alpha(0)),
        Trick("faint alpha over constant grey", _faint_alpha(128), visible=False),  # less than 4 levels over anything
        Trick("colours under transparent pixels", _hidden_colors, visible=False),
        Trick("colours under transparent pixels inside a frame", _hidden_in_a_frame, visible=False, box=_INSIDE),
        *(Trick(f"dots of alpha over constant {name}", _dots(level)) for name, level in CONSTANTS.items()),
        # Neighbours
        Trick("colours at alpha 1", lambda: _rgba(_grey(SUBJECT), 1)),
        Trick("colours at alpha 20", lambda: _rgba(_grey(SUBJECT), 20)),
        Trick("columns of alpha 1 between opaque ones", _columns),
        Trick("weighted columns, flat without their alpha", _weighted_columns),
        Trick("alpha 127 and 128", _around_the_threshold, visible=False),
        Trick("density of dots around a half", _density),
        Trick("one picture over white, another over black", _two_pictures),
        Trick("cancelled over white and over black", _over_grey_alone),
        Trick("plain alpha in a small part", _inset, box=_PART),
        Trick("faint alpha in a small part", _faint_inset, box=_PART),
        Trick("alpha 254 and 255", lambda: _rgba(_flat(0), _between(254, 255)), visible=False),
        Trick("one colour channel under faint alpha", _one_channel),
    ]


_INSIDE: Box = (24, 24, WIDTH - 24, HEIGHT - 24)
_PART: Box = (90, 60, 180, 120)

CONSTANTS = {"white": 255, "black": 0, "grey": 128}


def _plane(image: Image.Image) -> npt.NDArray[np.float64]:
    return np.asarray(image, dtype=np.float64)


def _grey(image: Image.Image) -> Plane:
    return np.repeat(np.asarray(image)[..., None], 3, axis=2)


def _flat(level: int) -> Plane:
    return np.full((HEIGHT, WIDTH, 3), level, np.uint8)


def _rgba(colors: Plane, alpha: Plane | int) -> Image.Image:
    plane = np.full((HEIGHT, WIDTH), alpha, np.uint8) if isinstance(alpha, int) else alpha
    return Image.fromarray(np.dstack([colors, plane]).astype(np.uint8), "RGBA")


def _between(low: int, high: int) -> Plane:
    return np.round(low + _plane(SUBJECT) / 255 * (high - low)).astype(np.uint8)


def _alpha_over(level: int) -> Callable[[], Image.Image]:
    return lambda: _rgba(_flat(level), np.asarray(SUBJECT))


def _faint_alpha(level: int) -> Callable[[], Image.Image]:
    return lambda: _rgba(_flat(level), _between(8, 30))


def _hidden_colors() -> Image.Image:
    return _rgba(_grey(SUBJECT), 0)


def _hidden_in_a_frame() -> Image.Image:
    alpha = np.zeros((HEIGHT, WIDTH), np.uint8)
    alpha[:12], alpha[-12:], alpha[:, :12], alpha[:, -12:] = 255, 255, 255, 255
    return _rgba(_grey(SUBJECT), alpha)


def _dots(level: int) -> Callable[[], Image.Image]:
    bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) * 16 + 8
    screen = np.tile(bayer, (HEIGHT // 4, WIDTH // 4))
    return lambda: _rgba(_flat(level), np.where(_plane(SUBJECT) > screen, 255, 0).astype(np.uint8))


def _columns() -> Image.Image:
    odd = np.arange(WIDTH) % 2 == 1
    colors = np.where(odd[None, :, None], _grey(SUBJECT), _grey(COVER) // 3 + 80)
    alpha = np.broadcast_to(np.where(odd, 1, 255).astype(np.uint8), (HEIGHT, WIDTH))
    return _rgba(colors, alpha)


def _weighted_columns() -> Image.Image:
    odd = np.arange(WIDTH) % 2 == 1
    colors = np.where(odd[None, :, None], 255 - _grey(SUBJECT), _grey(SUBJECT))
    alpha = np.broadcast_to(np.where(odd, 2, 30).astype(np.uint8), (HEIGHT, WIDTH))
    return _rgba(colors, alpha)


def _around_the_threshold() -> Image.Image:
    return _rgba(_flat(128), np.where(_plane(SUBJECT) > 127, 128, 127).astype(np.uint8))


def _density() -> Image.Image:
    dice = np.random.default_rng(5).random((HEIGHT, WIDTH))
    return _rgba(_flat(128), np.where(dice < 0.3 + 0.4 * _plane(SUBJECT) / 255, 255, 0).astype(np.uint8))


def _two_pictures() -> Image.Image:
    over_black, over_white = _plane(COVER) / 2, 128 + _plane(SUBJECT) / 2
    return _of_composites(over_black, over_white)


def _over_grey_alone() -> Image.Image:
    """Over grey the subject alone; over white and over black the cover, three times as strong, covers it."""
    seen = 108 + _plane(SUBJECT) / 255 * 40
    spread = _plane(COVER) / 255 * 200
    return _of_composites(seen - spread / 2, seen + spread / 2)


def _of_composites(over_black: npt.NDArray[np.float64], over_white: npt.NDArray[np.float64]) -> Image.Image:
    alpha = np.clip(255 - (over_white - over_black), 1, 255).round()
    colors = np.clip(over_black / alpha * 255, 0, 255).round()
    return _rgba(np.repeat(colors[..., None], 3, axis=2).astype(np.uint8), alpha.astype(np.uint8))


def _inset() -> Image.Image:
    alpha = np.zeros((HEIGHT, WIDTH), np.uint8)
    alpha[60:120, 90:180] = np.asarray(SUBJECT.resize((90, 60)))
    return _rgba(_flat(128), alpha)


def _faint_inset() -> Image.Image:
    alpha = np.ones((HEIGHT, WIDTH), np.uint8)
    alpha[60:120, 90:180] = (8 + np.asarray(SUBJECT.resize((90, 60)), dtype=np.float64) / 255 * 22).astype(np.uint8)
    return _rgba(_flat(255), alpha)


def _one_channel() -> Image.Image:
    colors = _flat(90)
    colors[..., 2] = np.asarray(SUBJECT)
    return _rgba(colors, 6)
