"""Rendering: the quality of a variant, and how it is made to fit a limit in bytes."""

import itertools
from contextlib import suppress
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageSequence

from functions.imaging.encoding import encode
from functions.imaging.picture import DecodedPicture
from functions.imaging.variants import read_rendition
from functions.shared.contracts import Picture
from functions.shared.variant import LADDER
from functions.variants import timings
from functions.variants.errors import VariantTooLargeError
from functions.variants.rendering import MAX_VARIANT_PIXELS, RenderedVariant, render
from tests import pictures
from tests.unit.variants.pictures import rendition, variant


@pytest.fixture
def clock(monkeypatch):
    """Let a phase take one second each time it is gone through."""
    monkeypatch.setattr(timings, "perf_counter", itertools.count().__next__)


def test_automatic_quality_is_the_one_predicted_for_the_picture():
    source = pictures.jpeg(320, 240)
    plain = Picture(rendition(320, 240), (), "", "#000000", quality={"jpeg": 43})

    automatic = render(source, variant(w="320", f="jpeg"), plain)

    assert automatic.body == encode(read_rendition(Image.open(BytesIO(source))), "jpeg", 43)


@pytest.mark.parametrize(("image_format", "encoder_quality"), [("jpeg", 79), ("webp", 80), ("avif", 76)])
def test_a_quality_that_is_asked_for_is_on_the_scale_of_the_peers(image_format, encoder_quality):
    source = pictures.jpeg(320, 240)
    plain = Picture(rendition(320, 240), (), "", "#000000", quality={image_format: 40})

    asked = render(source, variant(w="320", f=image_format, q="80"), plain)

    assert asked.body == encode(read_rendition(Image.open(BytesIO(source))), image_format, encoder_quality)


def noise() -> tuple[bytes, Picture]:
    source = encode(DecodedPicture((pictures.scene(800, 600),)), "jpeg", 95)
    picture = Picture(rendition(800, 600), (), "", "#000000", quality={"jpeg": 90, "webp": 90})
    return source, picture


def animation() -> bytes:
    return pictures.animated_webp(128, 96, frames=3)


def refit(**query: str) -> tuple[RenderedVariant, int]:
    source, picture = noise()
    unlimited = render(source, variant(**query), picture)
    limit = len(unlimited.body) - 1
    return render(source, variant(**query), picture, max_bytes=limit), limit


@pytest.mark.parametrize("image_format", ["jpeg", "webp"])
def test_a_variant_that_is_too_large_is_encoded_again_at_lower_quality(image_format):
    rendered, limit = refit(w="640", f=image_format)

    assert len(rendered.body) <= limit
    assert rendered.refit == "quality 85"


def test_a_lossless_variant_that_is_too_large_names_the_largest_width_that_fits():
    source, picture = noise()
    fits = len(render(source, variant(w="320", f="png"), picture).body)

    with pytest.raises(VariantTooLargeError) as refused:
        render(source, variant(w="640", f="png"), picture, max_bytes=fits)

    assert refused.value.largest_width == 320


def test_the_largest_width_of_a_box_keeps_its_shape():
    source, picture = noise()
    fits = len(render(source, variant(w="320", h="240", fit="fill", f="png"), picture).body)

    with pytest.raises(VariantTooLargeError) as refused:
        render(source, variant(w="640", h="480", fit="fill", f="png"), picture, max_bytes=fits)

    assert refused.value.largest_width == 320


def test_the_largest_width_is_found_where_small_variants_cost_more_than_their_share_of_pixels():
    flat = pictures.png(image=Image.new("RGB", (800, 600)))
    picture = Picture(rendition(800, 600), (), "", "#000000")
    sizes = {step: len(render(flat, variant(w=str(step), f="png"), picture).body) for step in LADDER if step < 640}
    limit = len(render(flat, variant(w="640", f="png"), picture).body) - 1

    with pytest.raises(VariantTooLargeError) as refused:
        render(flat, variant(w="640", f="png"), picture, max_bytes=limit)

    expected = max(step for step, size in sizes.items() if size <= limit)
    assert refused.value.largest_width == expected


@pytest.mark.parametrize("image_format", ["webp", "gif"])
def test_an_animation_that_is_too_large_keeps_every_second_frame_and_its_time(image_format):
    body = pictures.animated_webp(128, 96, frames=5, duration=[40, 50, 60, 70, 80])
    picture = Picture(rendition(128, 96), (), "", "#000000", animated=True, quality={"webp": 80})
    whole = len(render(body, variant(w="128", f=image_format), picture).body)

    rendered = render(body, variant(w="128", f=image_format), picture, max_bytes=whole - 1)

    assert rendered.refit == "half the frames"
    with Image.open(BytesIO(rendered.body)) as image:
        assert [frame.info["duration"] for frame in ImageSequence.Iterator(image) if frame.load()] == [90, 130, 80]


def test_an_animation_that_is_too_large_with_half_its_frames_is_refused():
    picture = Picture(rendition(128, 96), (), "", "#000000", animated=True, quality={"webp": 80})
    whole = len(render(animation(), variant(w="32", f="webp"), picture).body)
    fits = len(render(animation(), variant(w="32", f="webp"), picture, max_bytes=whole - 1).body)

    with pytest.raises(VariantTooLargeError) as refused:
        render(animation(), variant(w="128", f="webp"), picture, max_bytes=fits)

    assert refused.value.largest_width == 32


def test_a_variant_that_fits_at_no_quality_and_no_width_is_refused():
    source, picture = noise()

    with pytest.raises(VariantTooLargeError) as refused:
        render(source, variant(w="640", f="jpeg"), picture, max_bytes=100)

    assert refused.value.largest_width is None


@pytest.mark.usefixtures("clock")
def test_a_variant_is_decoded_and_scaled_once_and_encoded_until_it_fits():
    source, picture = noise()
    at_75 = len(render(source, variant(w="640", f="jpeg", q="75"), picture).body)  # of the encoder's 74

    rendered = render(source, variant(w="640", f="jpeg", q="95"), picture, max_bytes=at_75)

    assert rendered.refit == "quality 70"
    assert rendered.timings_ms == {"decode": 1_000, "resize": 1_000, "encode": 6_000}  # 94, 90, 85, 80, 75, 70


def test_what_is_encoded_again_has_the_bytes_of_a_variant_asked_for_at_that_quality():
    source, picture = noise()
    whole = render(source, variant(w="640", f="jpeg"), picture)

    rendered = render(source, variant(w="640", f="jpeg"), picture, max_bytes=len(whole.body) - 1)

    assert rendered.refit == "quality 85"
    assert rendered.body == render(source, variant(w="640", f="jpeg"), replace(picture, quality={"jpeg": 85})).body


@pytest.fixture
def saved(monkeypatch):
    """The sizes in px of the images that Pillow encodes, in turn."""
    sizes = []
    save = Image.Image.save

    def recorded(image, *arguments, **options):
        sizes.append(image.size)
        return save(image, *arguments, **options)

    monkeypatch.setattr(Image.Image, "save", recorded)
    return sizes


@pytest.mark.parametrize(("image_format", "limit"), [("jpeg", 300_000), ("webp", 400_000), ("avif", 100_000)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_large_picture_is_encoded_three_times_at_most_however_little_fits(saved, image_format, limit, mode):
    source, picture = large_noise(mode)
    saved.clear()

    with suppress(VariantTooLargeError):
        assert len(render(source, variant(w="3840", f=image_format), picture, max_bytes=limit).body) <= limit

    assert saved.count((1_600, 1_200)) <= 3


@pytest.mark.parametrize("image_format", ["png", "gif"])
def test_the_width_that_a_refusal_of_a_large_picture_names_does_fit(image_format):
    source, picture = large_noise("RGBA")
    limit = 120_000

    with pytest.raises(VariantTooLargeError) as refused:
        render(source, variant(w="3840", f=image_format), picture, max_bytes=limit)

    width = refused.value.largest_width
    assert 100 < width < 1_600
    assert len(render(source, variant(w=str(width), f=image_format), picture, max_bytes=limit).body) <= limit


def large_noise(mode: str) -> tuple[bytes, Picture]:
    """Return a picture that is larger than its sample."""
    bands = len(mode)
    pixels = np.random.default_rng(bands).integers(0, 256, (1_200, 1_600, bands), dtype=np.uint8)
    image = Image.fromarray(pixels)
    body = pictures.encoded(image, "WEBP", lossless=True, quality=0, method=0)
    return body, Picture(rendition(1_600, 1_200), (), "", "#000000", has_alpha=mode == "RGBA")


def test_an_animation_is_encoded_twice_at_most(saved):
    frames = [Image.effect_noise((500, 400), 90).convert("RGB") for _ in range(24)]
    body = pictures.encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=50, quality=80)
    picture = Picture(rendition(500, 400), (), "", "#000000", animated=True, quality={"webp": 80})
    saved.clear()

    with pytest.raises(VariantTooLargeError):
        render(body, variant(w="500", f="webp"), picture, max_bytes=20_000)

    assert saved.count((500, 400)) <= 2


def test_a_box_in_which_an_animation_s_frames_would_take_gigabytes_is_refused_unmade(saved):
    frames = [Image.new("RGB", (16, 1_200), (index, 0, 0)) for index in range(100)]
    body = pictures.encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=50, lossless=True)
    picture = Picture(rendition(16, 1_200), (), "", "#000000", animated=True)
    saved.clear()

    with pytest.raises(VariantTooLargeError) as refused:
        render(body, variant(w="1200", h="1200", fit="contain", f="webp"), picture)

    assert saved == []
    width = refused.value.largest_width
    assert 100 * width * width <= MAX_VARIANT_PIXELS
    box = {"w": str(width), "h": str(width), "fit": "contain", "f": "webp"}
    assert render(body, variant(**box), picture).body
