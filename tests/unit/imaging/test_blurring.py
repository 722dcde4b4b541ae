"""What is stored of a blurred picture is drawn from a few cells, and says nothing that they do not say."""

from dataclasses import asdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from functions.blur.pictures import blurred_files
from functions.imaging.blurring import SMOOTHING, BlurredCopies, grid_of, mosaic
from functions.imaging.encoding import LosslessEffort, encode_lossless_webp, encode_lossless_webp_animation
from functions.imaging.picture import DecodedPicture
from functions.shared.options import DEFAULT_CELLS, MAX_CELLS, Blur, BlurKind
from tests import pictures
from tests.details import box, details_left, figure, from_many_frames, gaussian, luma, pin, shifted_cells

SIZE = (96, 64)
GRID = (12, 8)
CELL_PX = 8
EIGHT = Blur(cells=MAX_CELLS)
TILE = Blur(BlurKind.TILE)


def blurred(image, blur=Blur()):  # noqa: B008 - frozen
    return BlurredCopies([image], image.size, blur).at(image.width).frames[0]


def twin_of(body):
    return asdict(blurred_files(body, SIZE, (40, 20), EIGHT))


def shuffled_within_cells(image, seed):
    """Return an image whose pixels have changed places: within their row of a cell, and the rows within the cell."""
    random, pixels = np.random.default_rng(seed), np.asarray(image).copy()
    for top in range(0, image.height, CELL_PX):
        for left in range(0, image.width, CELL_PX):
            cell = pixels[top : top + CELL_PX, left : left + CELL_PX]
            cell[...] = random.permutation([random.permutation(row) for row in cell])
    return Image.fromarray(pixels, image.mode)


def lossless(image):
    return encode_lossless_webp(image, effort=LosslessEffort.STORED)


@pytest.mark.parametrize("make", [pictures.scene, pictures.drawing], ids=["opaque", "transparent"])
def test_pictures_whose_cells_are_equal_have_the_same_files_once_they_are_blurred(make):
    first = make(*SIZE)
    second = shuffled_within_cells(first, 7)

    assert pictures.mean_difference(first, second) > 3
    assert twin_of(lossless(first)) == twin_of(lossless(second))


def test_of_an_animation_the_mean_of_all_frames_is_left_and_not_their_order():
    frames = (*(pictures.scene(*SIZE, seed=seed) for seed in range(3)), pictures.page(*SIZE))
    first, second = (
        encode_lossless_webp_animation(DecodedPicture(each, (100,) * 4)) for each in (frames, frames[::-1])
    )

    assert first != second
    assert twin_of(first) == twin_of(second)


def test_colours_that_cannot_be_seen_are_in_no_cell():
    hidden = pictures.drawing(*SIZE)
    other = hidden.copy()
    other.paste((0, 0, 255, 0), mask=other.getchannel("A").point([255] + [0] * 255))

    assert mosaic(hidden, GRID).tobytes() == mosaic(other, GRID).tobytes()


@settings(max_examples=200, deadline=None)
@given(size=st.tuples(st.integers(1, 16_384), st.integers(1, 16_384)), cells=st.integers(1, 8))
def test_there_are_never_more_cells_than_a_stage_says_and_they_are_about_square(size, cells):
    columns, rows = grid_of(size, cells)

    assert 1 <= min(columns, rows) <= cells
    assert 1 <= max(columns, rows) <= 2 * cells
    assert (columns >= rows) == (size[0] >= size[1]) or columns == rows
    if min(size) >= 2 * cells and max(size) < 2 * cells * min(size):
        assert 0.5 < (size[0] / columns) / (size[1] / rows) < 2


@pytest.mark.parametrize("cells", [DEFAULT_CELLS, MAX_CELLS])
@pytest.mark.parametrize("image", [figure(240), pin(320, 160)], ids=["face", "number"])
def test_of_the_details_of_a_face_or_a_number_next_to_nothing_comes_back(image, cells):
    sharp = luma(image)
    cell = tuple(side / cells for side, cells in zip(image.size, grid_of(image.size, cells), strict=True))
    smoothed = gaussian(sharp.shape, SMOOTHING * cell[0])
    blurs = [box(sharp.shape, cell), smoothed, box(sharp.shape, cell) * smoothed]
    sigma = 0.03 * max(image.size)

    assert details_left(sharp, luma(blurred(image, Blur(cells=cells))), blurs) < 0.3
    assert details_left(sharp, luma(blurred(image, TILE)), blurs) == 0
    weak = luma(image.filter(ImageFilter.GaussianBlur(sigma)))
    assert details_left(sharp, weak, [gaussian(sharp.shape, sigma)]) > 0.6  # the measure sees what is weak


def test_of_a_scene_over_which_a_camera_moves_no_more_comes_back_than_of_a_still():
    side, cells = 128, MAX_CELLS
    scene = luma(figure(side))
    shifts = np.random.default_rng(1).integers(0, side // cells, (16, 2))
    mosaics = [np.round(shifted_cells(scene, shift, cells)) for shift in shifts]
    frames = [
        Image.fromarray(np.roll(scene, (-down, -left), (0, 1)).astype(np.uint8)).convert("RGB") for down, left in shifts
    ]
    blurs = [box(scene.shape, (side / cells,) * 2), gaussian(scene.shape, SMOOTHING * side / cells)]

    stored = BlurredCopies(frames, (side, side), EIGHT).at(side).frames

    assert len(stored) == 1
    assert details_left(scene, luma(stored[0]), blurs) < 0.2
    assert details_left(scene, from_many_frames(mosaics, shifts, side, steps=60), blurs) > 0.6  # were each one stored


@pytest.mark.parametrize("size", [(320, 240), (2_701, 1_801), (4_032, 300)])
def test_a_blurred_copy_looks_like_the_blurred_picture_made_smaller(size, tmp_path):
    copies = BlurredCopies([pictures.scene(*size)], size, Blur())
    smaller = (200, round(size[1] * 200 / size[0]))

    copy = copies.at(200).frames[0]

    expected = copies.at(size[0]).frames[0].resize(smaller, Image.Resampling.LANCZOS)
    pictures.assert_similar(copy, expected, within=1.0, save_to=tmp_path)


def test_a_blurred_picture_keeps_its_large_areas_of_colour(tmp_path):
    scene = pictures.scene(640, 480)
    seen_from_afar = [each.resize((2, 2), Image.Resampling.BOX) for each in (scene, blurred(scene))]

    pictures.assert_similar(*reversed(seen_from_afar), within=8, save_to=tmp_path)


def test_no_edges_of_cells_are_seen():
    board = Image.new("RGB", (4, 4))
    board.putdata([(255,) * 3 if (x + y) % 2 else (0,) * 3 for y in range(4) for x in range(4)])

    row = [
        level
        for level, _, _ in blurred(board.resize((800, 800), Image.Resampling.NEAREST))
        .crop((100, 300, 700, 301))
        .get_flattened_data()
    ]

    assert max(abs(one - other) for one, other in pairwise(row)) <= 3


def test_an_outline_is_as_coarse_as_what_it_encloses():
    alpha = blurred(pictures.drawing(800, 600)).getchannel("A")

    assert alpha.getpixel((400, 300)) > 200
    assert 40 < alpha.getpixel((400 + 240, 300)) < 215  # the edge of the disc
    assert max(abs(one - other) for one, other in pairwise(alpha.crop((0, 300, 800, 301)).get_flattened_data())) <= 6


@pytest.mark.parametrize("make", [pictures.scene, pictures.drawing])
def test_a_tile_is_one_opaque_colour(make):
    assert blurred(make(), TILE).mode == "RGB"
    assert len(blurred(make(), TILE).getcolors()) == 1


def test_a_tile_has_the_colour_of_what_can_be_seen():
    half = Image.new("RGBA", (64, 64), (0, 255, 0, 0))
    half.paste((200, 30, 60, 255), (0, 0, 64, 32))

    assert np.abs(np.subtract(blurred(half, TILE).getpixel((0, 0)), (200, 30, 60))).max() <= 1
    assert blurred(Image.new("RGBA", (64, 64), (9, 9, 9, 0)), TILE).getpixel((0, 0)) == (128, 128, 128)


@pytest.mark.parametrize("size", [(1, 1), (40, 30), (333, 1_000), (1_001, 777)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_blurred_picture_has_the_same_size_and_mode(size, mode):
    result = blurred(Image.new(mode, size, "teal"))

    assert (result.size, result.mode) == (size, mode)
