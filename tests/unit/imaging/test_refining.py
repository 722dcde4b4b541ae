"""Slower encoders: smaller files of the same picture, with what the first file has beside its pixels."""

from io import BytesIO

import pytest
from PIL import Image

from functions.imaging.encoding import encode
from functions.imaging.picture import DecodedPicture
from functions.imaging.refining import encode_refined, refined_jpeg
from tests import pictures

PHOTO = pictures.scene(320, 240)
PAGE = pictures.prose(640, 480).resize((320, 240))
RIGHTS = pictures.exif().tobytes()


def refined(image: Image.Image, image_format: str, *, rights: bytes = b"") -> tuple[bytes, bytes]:
    """Return the first file and the refined one."""
    picture = DecodedPicture((image,), rights=rights)
    first = encode(picture, image_format, 70)
    return first, refined_jpeg(first) if image_format == "jpeg" else encode_refined(picture, image_format, 70)


@pytest.mark.parametrize("image_format", ["jpeg", "webp", "avif"])
@pytest.mark.parametrize("image", [PHOTO, PAGE], ids=["photo", "page"])
def test_a_refined_file_is_smaller(image, image_format):
    first, smaller = refined(image, image_format)

    assert len(smaller) < len(first)


@pytest.mark.parametrize("image_format", ["jpeg", "webp", "avif"])
def test_a_refined_file_keeps_the_rights_fields(image_format):
    first, smaller = refined(PHOTO, image_format, rights=RIGHTS)

    before, after = (dict(Image.open(BytesIO(each)).getexif()) for each in (first, smaller))
    assert after == before
    assert after


@pytest.mark.parametrize("size", [(1, 1), (1, 33), (17, 1), (15, 16)])
def test_a_refined_jpeg_of_any_size_has_the_same_pixels(size):
    first, smaller = refined(pictures.scene(64, 64).resize(size), "jpeg")

    assert Image.open(BytesIO(smaller)).tobytes() == Image.open(BytesIO(first)).tobytes()


def test_a_flat_picture_is_lossless_where_that_is_smaller():
    _, smaller = refined(PAGE, "webp")

    assert Image.open(BytesIO(smaller)).convert("RGB").tobytes() == PAGE.tobytes()


@pytest.mark.parametrize("body", [b"", b"not a picture", pictures.jpeg()[:200]])
def test_bytes_that_are_not_a_jpeg_are_refused(body):
    with pytest.raises(ValueError, match="not able"):
        refined_jpeg(body)
