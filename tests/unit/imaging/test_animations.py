"""Animations are decoded as the specifications say: random files against the renderers of tests/reference."""

from random import Random

import pytest

from functions.imaging.decoding import DEFAULT_FRAME_MS, decode
from functions.imaging.inspection import inspect
from functions.imaging.limits import LONGEST_FRAME_MS, Limits
from tests.counted import counted
from tests.reference.apngs import random_apng
from tests.reference.canvas import difference
from tests.reference.gifs import random_gif
from tests.reference.webps import random_webp

LIMITS = Limits()
OF_EACH = counted(usual=60, long=1_000)


def decoded(body):
    return decode(inspect(body, LIMITS), LIMITS).picture


def assert_shown(picture, shown, within):
    assert len(picture.frames) == len(shown)
    worst = [difference(frame, each.pixels) for frame, each in zip(picture.frames, shown, strict=True)]
    assert max(worst) <= within, worst
    if picture.animated:
        assert list(picture.durations_ms) == [
            min(each.duration_ms or DEFAULT_FRAME_MS, LONGEST_FRAME_MS) for each in shown
        ]


@pytest.mark.parametrize("part", range(4))
def test_a_random_gif_is_shown_as_the_specification_says(part):
    for seed in range(part, OF_EACH, 4):
        gif = random_gif(Random(f"gif {seed}"))

        picture = decoded(gif.file())

        assert_shown(picture, gif.rendered(), within=0)
        if picture.animated:
            repetitions = gif.repetitions
            plays = 1 if repetitions is None else min(repetitions + 1, 65_535) if repetitions else 0
            assert picture.loop == plays


@pytest.mark.parametrize("part", range(4))
def test_a_random_apng_is_shown_as_the_specification_says(part):
    for seed in range(part, OF_EACH, 4):
        apng = random_apng(Random(f"apng {seed}"))

        picture = decoded(apng.file())

        assert_shown(picture, apng.rendered(), within=4)
        assert picture.loop == (min(apng.plays, 65_535) if picture.animated else 0)


def test_a_random_webp_animation_is_shown_as_the_specification_says():
    for seed in range(OF_EACH // 4):
        webp = random_webp(Random(f"webp {seed}"))

        assert_shown(decoded(webp.file()), webp.rendered(), within=4)
