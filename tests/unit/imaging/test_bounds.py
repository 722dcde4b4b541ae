"""Stored files are bounded in bytes, whatever the picture: first by quality, then by pixels."""

import numpy as np
import pytest
from PIL import Image

from functions.blur.pictures import blurred_files
from functions.imaging import renditions
from functions.imaging.encoding import encode
from functions.imaging.picture import DecodedPicture
from functions.imaging.renditions import ReduceChain, encoded_master, encoded_renditions, rendition_widths
from functions.imaging.sampling import Sample
from functions.shared.options import Blur
from tests import pictures


def noise(width=400, height=300, bands=3, seed=1):
    random = np.random.default_rng(seed)
    return Image.fromarray(random.integers(0, 256, (height, width, bands), dtype=np.uint8))


def bounded(monkeypatch, *, still=10**9, animation=10**9):
    monkeypatch.setattr(renditions, "MAX_STILL_BYTES", still)
    monkeypatch.setattr(renditions, "MAX_ANIMATION_BYTES", animation)


def test_a_picture_within_the_bound_is_stored_as_ever(monkeypatch):
    picture = DecodedPicture((pictures.drawing(400, 300),))
    whole, _ = encoded_master(picture)
    bounded(monkeypatch, still=len(whole.body))

    file, kept = encoded_master(picture)

    assert file == whole
    assert kept is picture


@pytest.mark.parametrize("factor", [0.7, 0.4, 0.15, 0.02])
@pytest.mark.parametrize("bands", [3, 4])
def test_a_still_is_never_stored_above_its_bound(monkeypatch, factor, bands):
    picture = DecodedPicture((noise(bands=bands),))
    limit = int(len(encoded_master(picture)[0].body) * factor)
    bounded(monkeypatch, still=limit)

    file, kept = encoded_master(picture)

    assert len(file.body) <= limit
    assert (file.width, file.height) == kept.size == pictures.opened(file.body).size
    assert pictures.opened(file.body).mode == ("RGBA" if bands == 4 else "RGB")


def test_what_lossless_cannot_hold_is_stored_with_loss_before_it_loses_pixels(monkeypatch):
    picture = DecodedPicture((noise(bands=4),))
    bounded(monkeypatch, still=int(len(encoded_master(picture)[0].body) * 0.9))

    file, kept = encoded_master(picture)

    assert file.content_type == "image/webp"
    assert kept is picture


def test_a_flat_picture_that_lossless_cannot_hold_becomes_a_jpeg(monkeypatch):
    levels = np.random.default_rng(1).integers(120, 136, (300, 200), dtype=np.uint8).repeat(2, axis=1)
    flat = DecodedPicture((Image.fromarray(levels).convert("RGB"),))
    lossless, _ = encoded_master(flat)
    assert lossless.content_type == "image/webp"
    bounded(monkeypatch, still=int(len(lossless.body) * 0.9))

    file, kept = encoded_master(flat)

    assert (file.name, file.content_type) == ("master.jpg", "image/jpeg")
    assert kept is flat


@pytest.mark.parametrize("factor", [0.8, 0.3, 0.05])
@pytest.mark.parametrize("bands", [3, 4])
def test_an_animation_is_never_stored_above_its_bound(monkeypatch, factor, bands):
    picture = DecodedPicture(tuple(noise(160, 120, bands, seed) for seed in range(6)), (50,) * 6)
    limit = int(len(encoded_master(picture)[0].body) * factor)
    bounded(monkeypatch, animation=limit)

    file, kept = encoded_master(picture)

    assert len(file.body) <= limit
    assert (file.frames, pictures.opened(file.body).n_frames) == (6, 6)
    assert kept.durations_ms == picture.durations_ms


def test_no_rendition_is_above_the_bound_or_as_wide_as_a_master_that_lost_pixels(monkeypatch):
    picture = DecodedPicture((noise(1_200, 900),))
    bounded(monkeypatch, still=300_000)

    master, kept = encoded_master(picture)
    renditions = list(encoded_renditions(ReduceChain(kept), rendition_widths(kept)))

    assert max(len(each.body) for each in (master, *renditions)) <= 300_000
    assert renditions
    assert all(each.width < master.width < 1_200 for each in renditions)


def test_a_blurred_picture_is_bounded_like_a_sharp_one(monkeypatch):
    master = encode(DecodedPicture((pictures.scene(900, 700),)), "jpeg", 92)
    bounded(monkeypatch, still=4_000)

    twin = blurred_files(master, (900, 700), (320, 640), Blur())

    assert all(len(each.body) <= 4_000 for each in (twin.master, *twin.renditions))


# --- samples


def test_a_small_picture_is_its_own_sample():
    picture = DecodedPicture((pictures.scene(800, 600),))

    assert Sample.of(picture) == Sample(picture, 1.0)


@pytest.mark.parametrize("image_format", ["jpeg", "webp", "avif", "png", "gif"])
@pytest.mark.parametrize("image", [noise(1_600, 1_200), pictures.scene(1_600, 1_200)], ids=["noise", "scene"])
def test_a_sample_predicts_a_still_s_bytes(image, image_format):
    picture = DecodedPicture((image,))

    predicted = Sample.of(picture).predicted_bytes(lambda each: encode(each, image_format, 80))

    assert 0.5 < predicted / len(encode(picture, image_format, 80)) < 1.5


@pytest.mark.parametrize("image_format", ["webp", "gif"])
def test_a_sample_predicts_an_animation_s_bytes(image_format):
    picture = DecodedPicture(tuple(noise(300, 200, 3, seed) for seed in range(24)), (50,) * 24)
    sample = Sample.of(picture)

    predicted = sample.predicted_bytes(lambda each: encode(each, image_format, 80))

    assert sample.share < 0.5
    assert len(sample.picture.frames) == 24
    assert 0.5 < predicted / len(encode(picture, image_format, 80)) < 1.5


def test_the_same_picture_has_the_same_sample_and_another_has_another():
    scene = DecodedPicture((pictures.scene(1_600, 1_200),))
    other = DecodedPicture((pictures.scene(1_600, 1_200, seed=2),))

    assert Sample.of(scene).picture.frames == Sample.of(scene).picture.frames
    assert Sample.of(scene).picture.frames != Sample.of(other).picture.frames


def test_noise_in_a_fifth_of_a_picture_is_in_its_sample():
    for seed in range(8):
        image = Image.new("RGB", (1_600, 1_200))
        image.paste(noise(700, 550, seed=seed), (100 * seed, 50 * seed))
        picture = DecodedPicture((image,))

        predicted = Sample.of(picture).predicted_bytes(lambda each: encode(each, "png", 80))

        assert 0.4 < predicted / len(encode(picture, "png", 80)) < 2
