"""Which stored file a variant is generated from."""

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
