"""Lossless WebP: flat pictures are worth more effort the longer a file is kept; others are not."""

from itertools import pairwise

import pytest

from functions.imaging.encoding import LosslessEffort, encode, encode_lossless_webp
from functions.imaging.picture import DecodedPicture
from functions.imaging.refining import encode_refined
from functions.imaging.renditions import encoded_master
from tests import pictures

PAGE = pictures.prose(800, 500)
SMALL = pictures.prose(1_600, 1_000).resize((800, 500))
TRANSPARENT_PHOTO = pictures.scene(320, 240).convert("RGBA")
TRANSPARENT_PHOTO.putalpha(128)


@pytest.mark.parametrize("image", [PAGE, SMALL], ids=["text", "scaled text"])
def test_more_effort_makes_flat_pictures_smaller(image):
    sizes = [len(encode_lossless_webp(image, effort=effort)) for effort in LosslessEffort]

    assert all(later <= earlier for earlier, later in pairwise(sizes))
    assert sizes[-1] < 0.8 * sizes[0]


@pytest.mark.parametrize("effort", LosslessEffort)
@pytest.mark.parametrize("image", [PAGE, TRANSPARENT_PHOTO], ids=["text", "transparent photo"])
def test_every_effort_keeps_all_pixels(image, effort):
    opened = pictures.opened(encode_lossless_webp(image, effort=effort))

    assert opened.convert(image.mode).tobytes() == image.tobytes()


def test_a_picture_that_is_not_flat_gets_the_same_effort_everywhere():
    assert len({encode_lossless_webp(TRANSPARENT_PHOTO, effort=effort) for effort in LosslessEffort}) == 1


def test_a_first_answer_a_stored_file_and_a_refined_variant_have_their_own_efforts():
    picture = DecodedPicture((PAGE,))

    files = encode(picture, "webp", 80), encoded_master(picture)[0].body, encode_refined(picture, "webp", 80)

    efforts = LosslessEffort.FIRST, LosslessEffort.STORED, LosslessEffort.REFINED
    assert files == tuple(encode_lossless_webp(PAGE, effort=effort) for effort in efforts)
