"""Quality for `quality=auto`: what is measured of a picture, and what the models make of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from functions.imaging.encoding import encode
from functions.imaging.picture import DecodedPicture
from functions.imaging.quality import MODELS, ComplexityFeatures, complexity_features, predicted_quality
from tests import pictures

measures = st.floats(-20, 20)


def noise(width: int = 480, height: int = 320) -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise((width, height), 60) for _ in range(3)])


def test_there_is_a_quality_for_every_lossy_format():
    assert set(predicted_quality(complexity_features(pictures.scene(300, 200)))) == {"jpeg", "webp", "avif"}


@given(st.builds(ComplexityFeatures, measures, measures, measures, measures))
def test_whatever_is_measured_the_quality_stays_within_its_bounds(detail):
    for image_format, quality in predicted_quality(detail).items():
        assert MODELS[image_format].lowest <= quality <= MODELS[image_format].highest


def test_the_quality_is_the_weighted_sum_of_the_terms():
    model = replace(MODELS["jpeg"], weights=(1.0, 2.0, 3.0, 4.0, 5.0, *[0.5] * 10), lowest=0, highest=100)

    linear = 1 + 2 * 1 + 3 * 2 + 4 * 1 + 5 * 0
    quadratic = 0.5 * (1 * 1 + 1 * 2 + 1 * 1 + 1 * 0 + 2 * 2 + 2 * 1 + 2 * 0 + 1 * 1 + 1 * 0 + 0 * 0)
    assert model.quality_for(ComplexityFeatures(1, 2, 1, 0)) == round(linear + quadratic)


def test_noise_has_more_bits_texture_and_activity_than_the_same_picture_smoothed():
    rough = complexity_features(noise())
    smooth = complexity_features(noise().filter(ImageFilter.GaussianBlur(4)))

    assert rough.bits > smooth.bits + 1
    assert rough.activity > smooth.activity + 1
    assert rough.color_loss > smooth.color_loss + 1


def test_a_grey_picture_loses_no_color():
    grey = noise().convert("L").convert("RGB")

    assert complexity_features(grey).color_loss < complexity_features(noise()).color_loss - 5


def test_a_wide_picture_is_measured_as_its_narrow_copy():
    wide = pictures.scene(1920, 1280)

    assert complexity_features(wide) == complexity_features(
        wide.resize((480, 320), Image.Resampling.LANCZOS, reducing_gap=3.0)
    )


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (7, 9)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_smallest_pictures_have_a_quality_too(size, mode):
    assert predicted_quality(complexity_features(Image.new(mode, size, 128)))


def test_a_plain_drawing_costs_fewer_bytes_than_at_the_default_of_peers():
    drawing = Image.new("RGB", (480, 320), "white")
    ImageDraw.Draw(drawing).rectangle((100, 100, 300, 200), fill="navy")
    picture = DecodedPicture((drawing,))

    quality = predicted_quality(complexity_features(drawing))

    assert len(encode(picture, "jpeg", quality["jpeg"])) < len(encode(picture, "jpeg", 80))
