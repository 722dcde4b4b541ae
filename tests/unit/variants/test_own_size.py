"""One stored variant for all requests that are larger than the picture."""

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.imaging.geometry import place
from functions.shared.variant import LADDER, LARGEST_SIDE_PX, Sizes, parse_canonical, parse_query
from functions.variants.own_size import at_own_size

SIDES = st.integers(1, LARGEST_SIDE_PX)
SIZES = st.tuples(SIDES, SIDES)
FITS = st.sampled_from(["cover", "contain", "fill", "inside", "outside"])
RULES = st.sampled_from(list(Sizes))


def variant(sizes, **query):
    pairs = [(name, str(value)) for name, value in query.items() if value is not None]
    return parse_query(pairs, accept="", sizes=sizes).variant


def canvas(variant, size):
    return place(size, variant.width, variant.height, variant.fit, variant.position).canvas


@settings(max_examples=60, deadline=None)
@given(size=SIZES, sizes=RULES)
def test_all_widths_and_heights_above_the_pictures_own_have_one_name(size, sizes):
    steps = range(1, LARGEST_SIDE_PX + 1, 7) if sizes is Sizes.EXACT else LADDER
    wide = {at_own_size(variant(sizes, width=side), size, sizes=sizes) for side in steps if side >= size[0]}
    high = {at_own_size(variant(sizes, height=side), size, sizes=sizes) for side in steps if side >= size[1]}

    names = {each.canonical for each in wide | high}

    smallest = size[0] if sizes is Sizes.EXACT else min(step for step in LADDER if step >= size[0])
    assert names <= {f"fit=cover,format=auto,position=center,quality=auto,width={smallest}"}


@settings(max_examples=60, deadline=None)
@given(size=SIZES, ratio=st.sampled_from([(1, 1), (4, 3), (16, 9), (2, 3)]), fit=FITS, sizes=RULES)
def test_all_boxes_of_a_shape_above_the_pictures_own_size_have_one_name(size, ratio, fit, sizes):
    least = max(-(-size[0] // ratio[0]), -(-size[1] // ratio[1]))
    largest = LARGEST_SIDE_PX // max(ratio)
    boxes = [(factor * ratio[0], factor * ratio[1]) for factor in {least, least + 1, 2 * least, largest}]
    asked = [variant(sizes, width=w, height=h, fit=fit) for w, h in boxes if max(w, h) <= LARGEST_SIDE_PX]

    names = {
        at_own_size(each, size, sizes=sizes)
        for each in asked
        if each.width >= size[0] and each.height >= size[1]  # snapped to the ladder, a shape can lose a pixel
    }

    assert len(names) <= 1


@settings(max_examples=200, deadline=None)
@given(size=SIZES, width=st.none() | SIDES, height=st.none() | SIDES, fit=FITS, sizes=RULES)
def test_the_name_is_canonical_final_and_of_the_same_picture_up_to_a_pixel(size, width, height, fit, sizes):
    asked = variant(sizes, width=width, height=height, fit=fit, quality=80)

    kept = at_own_size(asked, size, sizes=sizes)

    assert parse_canonical(kept.canonical, sizes=sizes) == kept
    assert at_own_size(kept, size, sizes=sizes) == kept
    assert (kept.quality, kept.format) == (asked.quality, asked.format)
    shape_is_kept = sizes is Sizes.EXACT or asked.fit not in {"cover", "contain"} or width is None or height is None
    if shape_is_kept:
        assert all(abs(a - b) <= 1 for a, b in zip(canvas(kept, size), canvas(asked, size), strict=True))
    else:  # a step of the ladder changes the shape by up to half a pixel of its shorter side
        (a, b), (c, d) = canvas(kept, size), canvas(asked, size)
        assert abs(a / b - c / d) <= a / b * (1 / min(kept.width, kept.height) + 1 / min(b, d) + 1 / min(a, c))


def test_a_variant_that_is_not_larger_than_the_picture_keeps_its_name():
    for query in ({}, {"width": 640}, {"height": 480}, {"width": 640, "height": 480}, {"width": 640, "height": 200}):
        for fit in ("cover", "contain", "fill", "inside", "outside"):
            asked = variant(Sizes.LADDER, **query, fit=fit)
            assert at_own_size(asked, (1600, 1200), sizes=Sizes.LADDER) == asked


def test_a_crop_keeps_its_position_and_fill_the_side_that_is_smaller():
    crop = variant(Sizes.LADDER, width=3840, height=2160, position="auto")
    stretched = variant(Sizes.EXACT, width=3000, height=300, fit="fill")

    assert at_own_size(crop, (900, 900), sizes=Sizes.LADDER).canonical == (
        "fit=cover,format=auto,height=540,position=auto,quality=auto,width=960"
    )
    kept = at_own_size(stretched, (900, 900), sizes=Sizes.EXACT)
    assert (kept.width, kept.height) == (900, 300)
