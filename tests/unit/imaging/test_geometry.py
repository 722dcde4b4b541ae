"""Where pixels go: exact sizes, nothing enlarged, the asked-for part of the picture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.imaging.geometry import place
from functions.shared.variant import POINTS

SIDES = st.integers(1, 5_000)
SIZES = st.tuples(SIDES, SIDES)
FITS = st.sampled_from(["cover", "contain", "fill", "inside", "outside"])
CENTER = POINTS["center"]
SPOTS = st.tuples(st.integers(0, 16), st.integers(0, 16))


@pytest.mark.parametrize(
    ("fit", "canvas", "size"),
    [
        ("cover", (300, 300), (300, 300)),
        ("contain", (300, 300), (300, 150)),
        ("fill", (300, 300), (300, 300)),
        ("inside", (300, 150), (300, 150)),
        ("outside", (600, 300), (600, 300)),
    ],
)
def test_each_fit_has_its_size(fit, canvas, size):
    placement = place((1_000, 500), 300, 300, fit, CENTER)

    assert (placement.canvas, placement.size) == (canvas, size)


@pytest.mark.parametrize(
    ("width", "height", "expected"), [(200, None, (200, 100)), (None, 50, (100, 50)), (None, None, (1_000, 500))]
)
def test_a_missing_side_follows_the_other(width, height, expected):
    assert place((1_000, 500), width, height, "cover", CENTER).canvas == expected


@pytest.mark.parametrize(
    ("fit", "expected"),
    [
        ("cover", (100, 50)),
        ("contain", (200, 100)),
        ("fill", (100, 100)),
        ("inside", (100, 100)),
        ("outside", (100, 100)),
    ],
)
def test_a_box_that_the_picture_cannot_fill_shrinks_with_its_shape(fit, expected):
    assert place((100, 100), 400, 200, fit, CENTER).canvas == expected


@pytest.mark.parametrize(
    ("position", "crop"),
    [
        (POINTS["west"], (0, 0, 500, 500)),
        (CENTER, (250, 0, 750, 500)),
        (POINTS["east"], (500, 0, 1_000, 500)),
        (POINTS["northwest"], (0, 0, 500, 500)),
        ((0, 8), (0, 0, 500, 500)),
        ((6, 8), (125, 0, 625, 500)),
        ((16, 0), (500, 0, 1_000, 500)),
    ],
)
def test_cover_keeps_the_part_around_the_position(position, crop):
    assert place((1_000, 500), 100, 100, "cover", position).crop == crop


@pytest.mark.parametrize(
    ("position", "offset"),
    [(POINTS["north"], (0, 0)), (CENTER, (0, 25)), (POINTS["south"], (0, 50)), ((8, 4), (0, 12))],
)
def test_contain_puts_the_picture_at_the_position(position, offset):
    assert place((1_000, 500), 100, 100, "contain", position).offset == offset


@given(SIZES, SIZES, FITS, SPOTS)
def test_every_plan_fits_its_source_and_enlarges_nothing(source, box, fit, position):
    placement = place(source, *box, fit, position)

    left, top, right, bottom = placement.crop
    assert 0 <= left < right <= source[0]
    assert 0 <= top < bottom <= source[1]
    assert placement.size[0] <= max(1, round(right - left) + 1)
    assert placement.size[1] <= max(1, round(bottom - top) + 1)
    assert all(side >= 1 for side in placement.canvas)
    for axis in range(2):
        assert 0 <= placement.offset[axis] <= placement.canvas[axis] - placement.size[axis]


@given(SIZES, st.data(), st.sampled_from(["cover", "contain", "fill"]), SPOTS)
def test_a_box_inside_the_picture_is_the_exact_result(source, data, fit, position):
    box = (data.draw(st.integers(1, source[0])), data.draw(st.integers(1, source[1])))

    assert place(source, *box, fit, position).canvas == box


def test_an_unknown_fit_and_a_side_below_one_are_errors():
    with pytest.raises(ValueError, match="fit"):
        place((10, 10), 5, 5, "stretch", CENTER)
    with pytest.raises(ValueError, match="at least 1 px"):
        place((10, 10), 0, 5, "cover", CENTER)
