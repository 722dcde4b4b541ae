"""Animations are decoded as the specifications say: random files against the renderers of tests/reference."""

from random import Random

import numpy as np
import pytest
from PIL import Image

from functions.imaging.decoding import DEFAULT_FRAME_MS
from functions.imaging.encoding import encode
from functions.imaging.limits import LONGEST_FRAME_MS
from functions.imaging.picture import DecodedPicture
from tests.counted import counted
from tests.reference.apngs import random_apng
from tests.reference.canvas import difference
from tests.reference.gifs import random_gif, shown_by
from tests.reference.webps import random_webp
from tests.unit.imaging.decoded import decoded

OF_EACH = counted(usual=60, long=1_000)


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


COLORS = [(0, 0, 0), (255, 255, 255), (220, 40, 40), (40, 180, 60), (1, 2, 3)]


def random_frame(dice, size, *, alpha, before):
    """Return a frame of few colours, black among them, which often differs from the one before it in a part only."""
    width, height = size
    frame = before.copy() if before is not None and dice.random() < 0.5 else Image.new("RGBA", size, (0, 0, 0, 255))
    for _ in range(dice.randint(0, 3)):
        left, top = dice.randrange(width), dice.randrange(height)
        color = (*dice.choice(COLORS), dice.choice([0, 255]) if alpha else 255)
        frame.paste(color, (left, top, dice.randint(left + 1, width), dice.randint(top + 1, height)))
    return frame


def test_a_gif_that_is_written_shows_the_frames_and_lasts_as_long():
    for seed in range(OF_EACH):
        dice = Random(f"written {seed}")
        size, alpha = (dice.randint(1, 20), dice.randint(1, 16)), dice.random() < 0.6
        frames = [random_frame(dice, size, alpha=alpha, before=None)]
        while len(frames) < dice.randint(2, 6):
            frames.append(random_frame(dice, size, alpha=alpha, before=frames[-1]))
        alpha = any(frame.getchannel("A").getextrema() != (255, 255) for frame in frames)
        frames = frames if alpha else [frame.convert("RGB") for frame in frames]
        durations = [dice.choice([10, 16, 33, 80, 2_000]) for _ in frames]

        shown = shown_by(encode(DecodedPicture(tuple(frames), tuple(durations)), "gif", 80))

        written = [max(20, (each + 5) // 10 * 10) for each in durations]
        assert sum(each.duration_ms for each in shown) == sum(written), seed
        ends = np.cumsum([each.duration_ms for each in shown])
        for frame, start in zip(frames, np.cumsum([0, *written]), strict=False):
            at = int(np.searchsorted(ends, start, side="right"))
            assert difference(frame, shown[at].pixels) == 0, seed
