"""When alpha only cuts a picture out, and when it may carry more."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from functions.imaging.transparency import is_clean, is_opaque
from tests.judged.tricks import subject


def disc(side, *, smooth=True):
    scale = 4 if smooth else 1
    mask = Image.new("L", (side * scale, side * scale))
    ImageDraw.Draw(mask).ellipse([side * scale * part // 100 for part in (15, 15, 85, 85)], fill=255)
    return mask.resize((side, side), Image.Resampling.LANCZOS)


def test_what_has_no_alpha_or_nothing_but_opaque_pixels_is_opaque():
    assert is_opaque(Image.new("RGB", (9, 9)))
    assert is_opaque(Image.new("RGBA", (9, 9), (1, 2, 3, 255)))
    assert not is_opaque(Image.new("RGBA", (9, 9), (1, 2, 3, 254)))


@pytest.mark.parametrize("side", [100, 128, 240, 512, 1_000])
@pytest.mark.parametrize("smooth", [False, True])
def test_a_shape_with_a_hard_or_a_smooth_outline_is_clean(side, smooth):
    assert is_clean(disc(side, smooth=smooth))


@pytest.mark.parametrize("level", [0, 255])
def test_alpha_that_is_all_or_nothing_is_clean(level):
    assert is_clean(Image.new("L", (300, 200), level))


@pytest.mark.parametrize("size", [24, 60])
def test_lettering_is_clean(size):
    mask = Image.new("L", (640, 480))
    for row in range(4):
        ImageDraw.Draw(mask).text((20, 20 + 100 * row), "Sphinx of quartz", fill=255, font_size=size)

    assert is_clean(mask)


@pytest.mark.parametrize(
    "alpha",
    [
        subject(400, 300),
        subject(400, 300).convert("1").convert("L"),
        subject(400, 300).point([8 + 22 * level // 255 for level in range(256)]),
        subject(400, 300).point([254] * 128 + [255] * 128),
        Image.new("L", (400, 300), 128),
        Image.new("L", (400, 300), 1),
        Image.fromarray(np.where(np.indices((300, 400)).sum(axis=0) % 2, 255, 0).astype(np.uint8)),
        Image.fromarray(np.where(np.indices((300, 400))[1] % 3, 255, 1).astype(np.uint8)),
        disc(400).filter(ImageFilter.GaussianBlur(20)),
    ],
    ids=["picture", "halftone", "faint", "nearly opaque", "half", "a trace", "checkerboard", "columns", "shadow"],
)
def test_alpha_that_can_carry_a_picture_is_not_clean(alpha):
    assert not is_clean(alpha)


@pytest.mark.parametrize("at", [(0, 0), (211, 173), (448, 320)])
def test_a_faint_part_is_not_clean_wherever_it_is(at):
    mask = disc(512)
    mask.paste(subject(64, 64).point([8 + level // 12 for level in range(256)]), at)

    assert not is_clean(mask)
