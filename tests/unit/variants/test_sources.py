"""Which stored file a variant is generated from."""

from dataclasses import replace

import pytest

from functions.shared.contracts import Picture
from functions.variants.sources import needed_size, source_for
from tests.unit.variants.pictures import rendition, variant

LADDER_OF_THREE = Picture(
    master=rendition(2000, 1500),
    renditions=(rendition(320, 240), rendition(640, 480), rendition(1280, 960)),
    placeholder="",
    dominant_color="#000000",
)


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ({"w": "320"}, "w320"),
        ({"w": "384"}, "w640"),
        ({"w": "640"}, "w640"),
        ({"w": "1280"}, "w1280"),
        ({"w": "1600"}, "w2000"),
        ({"w": "3840"}, "w2000"),
        ({"h": "480"}, "w640"),
        ({"h": "256"}, "w640"),
        ({"w": "320", "h": "320"}, "w640"),
        ({"w": "320", "h": "320", "fit": "inside"}, "w320"),
        ({"w": "320", "h": "320", "fit": "contain"}, "w320"),
        ({"w": "320", "h": "320", "fit": "outside"}, "w640"),
        ({"w": "320", "h": "320", "fit": "fill"}, "w640"),
        ({}, "w2000"),
    ],
)
def test_a_variant_is_made_from_the_smallest_rendition_that_has_its_pixels(query, key):
    assert source_for(LADDER_OF_THREE, variant(**query)).key == key


def test_a_needed_side_is_at_least_one_px():
    assert needed_size(rendition(5000, 10), variant(w="16")) == (16, 1)


OLD_WIDTHS = (200, 256, 320, 384, 480, 640, 750, 800, 828, 960, 1080, 1200, 1280, 1600, 1920, 2048, 2560)
"""Every step of the ladder: what was stored before ADR 34."""


@pytest.mark.parametrize(
    ("width", "key"), [(200, "w200"), (750, "w750"), (2560, "w2560"), (3840, "w3840"), (64, "w200")]
)
def test_of_a_picture_stored_at_every_step_the_file_of_that_width_is_the_source(width, key):
    old = replace(
        LADDER_OF_THREE,
        master=rendition(3840, 2880),
        renditions=tuple(rendition(each, each * 3 // 4) for each in OLD_WIDTHS),
    )

    assert source_for(old, variant(w=str(width))).key == key
