"""The focal point of a picture."""

import pytest
from PIL import Image, ImageDraw

from benchmarks.focus import CENTER, drawn_scene, share
from functions.imaging.focus import focal_point


def ball(x, y, *, size=(800, 600), mode="RGB", background=(90, 120, 70), fill=(220, 40, 30)):
    image = Image.new(mode, size, background)
    ImageDraw.Draw(image).ellipse((x - 60, y - 60, x + 60, y + 60), fill=fill)
    return image


@pytest.mark.parametrize(("x", "y"), [(100, 100), (700, 300), (400, 520), (650, 80)])
def test_it_is_within_two_sixteenths_of_the_only_subject(x, y):
    across, down = focal_point(ball(x, y))

    assert abs(across - 16 * x / 800) <= 2
    assert abs(down - 16 * y / 600) <= 2


def test_transparent_pixels_are_background():
    across, _ = focal_point(ball(700, 300, mode="RGBA", background=(0, 0, 0, 0), fill=(220, 40, 30, 255)))

    assert across >= 13


@pytest.mark.parametrize("size", [(800, 600), (1, 1), (3000, 1), (1, 3000)])
def test_it_is_the_center_where_nothing_stands_out(size):
    assert focal_point(Image.new("RGB", size, (90, 120, 70))) == CENTER


def test_crops_around_it_keep_more_of_the_subject_than_crops_around_the_center():
    scenes = [drawn_scene(seed) for seed in range(30)]

    assert share(scenes, focal_point) >= share(scenes, lambda _: CENTER) + 0.15
