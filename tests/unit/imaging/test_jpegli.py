"""JPEG by jpegli: right pixels for every decoder, and libjpeg-turbo where it cannot be used."""

import sys
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from functions.imaging.encoding import FULL_CHROMA_QUALITY, encode, encode_fast_jpeg
from functions.imaging.jpegli import encode_with_jpegli
from functions.imaging.picture import DecodedPicture
from tests import pictures


def jpeg(image, quality=80, **options):
    return encode(DecodedPicture((image,), **options), "jpeg", quality)


def fast(image, quality=80, *, full_chroma=False):
    return encode_fast_jpeg(image, quality, full_chroma=full_chroma)


@settings(max_examples=60, deadline=None)
@given(
    size=st.one_of(
        st.tuples(st.integers(1, 70), st.integers(1, 70)), st.sampled_from([(1, 3_840), (3_840, 1), (3, 2_000)])
    ),
    quality=st.integers(1, 100),
    seed=st.integers(0, 9),
)
def test_two_decoders_show_the_same_pixels_of_any_size_and_quality(size, quality, seed):
    noise = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)

    body = encode_with_jpegli(Image.fromarray(noise), quality)

    shown = np.asarray(Image.open(BytesIO(body)))
    assert shown.shape == noise.shape
    assert np.array_equal(simplejpeg.decode_jpeg(body), shown)


def test_a_photograph_is_encoded_by_jpegli_and_looks_as_by_libjpeg_turbo(tmp_path):
    photo = pictures.scene(640, 480).filter(ImageFilter.GaussianBlur(2))

    body = jpeg(photo, 85)

    assert body == encode_with_jpegli(photo, 85) != fast(photo, 85)
    pictures.assert_similar(pictures.opened(body), pictures.opened(fast(photo, 85)), within=3, save_to=tmp_path)


def test_the_file_is_baseline_jfif_with_half_the_chroma():
    image = pictures.opened(jpeg(pictures.scene()))

    assert image.info["jfif_version"] == (1, 1)
    assert "progressive" not in image.info
    assert [each[1:3] for each in image.layer] == [(2, 2), (1, 1), (1, 1)]


def test_pictures_that_need_full_chroma_are_encoded_by_libjpeg_turbo():
    page, photo = pictures.page(), pictures.scene()

    assert jpeg(page) == fast(page, full_chroma=True)
    assert jpeg(photo, FULL_CHROMA_QUALITY) == fast(photo, FULL_CHROMA_QUALITY, full_chroma=True)


def test_noise_is_encoded_by_libjpeg_turbo_whose_file_is_smaller():
    noise = Image.fromarray(np.random.default_rng(2).integers(0, 256, (120, 160, 3), dtype=np.uint8))

    assert len(encode_with_jpegli(noise, 80)) > len(fast(noise, 80))
    assert jpeg(noise) == fast(noise)


def test_a_picture_of_more_than_four_megapixels_is_encoded_once():
    noise = Image.effect_noise((2_001, 2_000), 90).convert("RGB")

    assert jpeg(noise, 40) == encode_with_jpegli(noise, 40)


@pytest.mark.parametrize("failure", ["missing", "failing"])
def test_where_the_package_is_missing_or_fails_libjpeg_turbo_encodes(monkeypatch, failure):
    def refuses(*_arguments, **_options):
        raise RuntimeError("Input image too big.")

    monkeypatch.setitem(sys.modules, "pyjpegli", None if failure == "missing" else SimpleNamespace(encode=refuses))
    photo = pictures.scene()

    assert jpeg(photo) == fast(photo)
