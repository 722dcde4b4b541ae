"""Which pictures look alike: what changes from frame to frame by itself does, another picture does not."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from functions.imaging.similarity import GRID, Fingerprint, are_similar
from tests import pictures
from tests.judged.tricks import subject

SCENE = pictures.scene(480, 360)
SECRET = subject(480, 360).convert("RGB")


def are_alike(one, other):
    return are_similar(Fingerprint.of(one), Fingerprint.of(other))


def noisy(image, sigma, seed):
    random = np.random.default_rng(seed)
    pixels = np.asarray(image) + random.normal(0, sigma, np.asarray(image).shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def dithered(image, colors):
    palette = image.quantize(colors)
    return image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).convert("RGB")


def with_inset(part, at, secret=SECRET):
    image = SCENE.copy()
    image.paste(secret.resize((480 // part, 360 // part)), at)
    return image


@pytest.mark.parametrize("sigma", [2, 5, 8])
@pytest.mark.parametrize("size", [(240, 180), (480, 360), (1_000, 200)])
def test_a_sensor_s_noise_changes_nothing(size, sigma):
    scene = pictures.scene(*size)

    assert are_alike(noisy(scene, sigma, 1), noisy(scene, sigma, 2))


@pytest.mark.parametrize("colors", [64, 256])
def test_a_palette_that_is_dithered_again_changes_nothing(colors):
    assert are_alike(dithered(noisy(SCENE, 2, 1), colors), dithered(noisy(SCENE, 2, 2), colors))


@pytest.mark.parametrize(("pillow_format", "quality"), [("JPEG", 60), ("WEBP", 60)])
def test_artefacts_of_an_encoder_change_nothing(pillow_format, quality):
    decoded = pictures.opened(pictures.encoded(SCENE, pillow_format, quality=quality)).convert("RGB")

    assert are_alike(SCENE, decoded)


def test_a_caret_and_a_pointer_change_nothing():
    page = pictures.page(640, 480)
    caret, pointer = page.copy(), page.copy()
    caret.paste("black", (300, 200, 302, 216))
    ImageDraw.Draw(pointer).polygon([(400, 300), (400, 312), (408, 308)], fill="white", outline="black")

    assert are_alike(page, caret)
    assert are_alike(page, pointer)


def test_a_picture_scrambled_inside_its_cells_is_still_itself():
    side = 960
    scene = np.asarray(SECRET.resize((side, side)))
    blocks = (
        scene.reshape(GRID, side // GRID, GRID, side // GRID, 3).transpose(0, 2, 1, 3, 4).reshape(GRID, GRID, -1, 3)
    )
    scrambled = blocks[:, :, np.random.default_rng(1).permutation(blocks.shape[2])]
    back = scrambled.reshape(GRID, GRID, side // GRID, side // GRID, 3).transpose(0, 2, 1, 3, 4).reshape(scene.shape)

    assert are_alike(Image.fromarray(scene), Image.fromarray(back))


@pytest.mark.parametrize("part", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("offset", range(0, 30, 7))
def test_another_picture_in_a_part_of_the_frame_is_noticed_wherever_it_is(part, offset):
    assert not are_alike(
        SCENE, with_inset(part, (min(offset, 480 - 480 // part), min(200, 360 - 360 // part) + offset // 7))
    )


@pytest.mark.parametrize("weight", [0.25, 0.5, 1.0])
def test_a_cross_fade_is_noticed_before_a_quarter_of_its_way(weight):
    assert not are_alike(SCENE, Image.blend(SCENE, SECRET, weight))


@pytest.mark.parametrize("strength", [0.25, 0.5])
@pytest.mark.parametrize("period", [1, 2, 3])
def test_a_picture_that_a_checkerboard_carries_is_not_grey(strength, period):
    rows, columns = np.indices((360, 480)) // period
    sign = np.where((rows + columns) % 2, 1, -1)
    carried = 128 + sign * np.asarray(subject(480, 360)) * strength

    grey = Image.new("RGB", (480, 360), (128, 128, 128))
    assert not are_alike(grey, Image.fromarray(carried.clip(0, 255).astype(np.uint8)).convert("RGB"))


def test_a_picture_in_the_direction_of_stripes_is_noticed():
    rows, columns = np.indices((360, 480))
    upright, level = (128 + 60 * np.where(lines % 2, 1, -1) for lines in (columns, rows))
    mixed = np.where(np.asarray(subject(480, 360)) > 128, upright, level)

    assert not are_alike(*(Image.fromarray(each.astype(np.uint8)).convert("RGB") for each in (upright, mixed)))


@pytest.mark.parametrize("channel", range(3))
def test_a_picture_in_one_colour_is_noticed(channel):
    bands = list(Image.new("RGB", (480, 360), (128, 128, 128)).split())
    grey = Image.merge("RGB", bands)
    bands[channel] = subject(480, 360)

    assert not are_alike(grey, Image.merge("RGB", bands))


def test_detail_that_is_gone_is_noticed_as_well_as_detail_that_is_new():
    blurred = noisy(SCENE, 40, 1).filter(ImageFilter.GaussianBlur(3))

    assert not are_alike(noisy(SCENE, 40, 1), blurred)
    assert not are_alike(blurred, noisy(SCENE, 40, 1))


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (17, 5), (3_840, 30)])
def test_pictures_of_every_shape_can_be_compared(size):
    black, white = (Image.new("RGB", size, color) for color in ("black", "white"))

    assert are_alike(black, black)
    assert not are_alike(black, white)
