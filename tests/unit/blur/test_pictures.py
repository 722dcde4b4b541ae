"""BlurImage through its handler; S3 is moto, no code of ours is patched."""

import json

import pytest
from PIL import Image

from functions.blur.pictures import blur_picture
from functions.blur.settings import BlurSettings
from functions.imaging.ingest import ingest_here
from functions.imaging.limits import DEFAULT_LIMITS
from functions.imaging.storing import store_picture
from functions.shared.contracts import BlurRequest
from functions.shared.errors import ObjectMissingError, SettingsError
from functions.shared.object_store import S3ObjectStore
from functions.shared.options import BLURS, DEFAULT_BLUR
from tests import pictures
from tests.fakes.aws import STAGING
from tests.fakes.handlers import Function

IMAGE_ID = "01JD6V5X3QWERTY0ASDFGHJKZX"
PREFIX = f"{IMAGE_ID}/3/"


def staged(s3, body):
    """Put what OptimizeImage would leave of an original, and return its picture."""
    derived = ingest_here(body, "", DEFAULT_LIMITS).picture
    return store_picture(derived, store=S3ObjectStore(s3), bucket=STAGING, prefix=PREFIX)


def blur(s3, picture, how=DEFAULT_BLUR):
    request = BlurRequest(IMAGE_ID, 3, picture)
    return blur_picture(request, store=S3ObjectStore(s3), settings=BlurSettings(STAGING, how))


def image_at(s3, rendition):
    return pictures.opened(s3.get_object(Bucket=STAGING, Key=rendition.key)["Body"].read())


@pytest.mark.parametrize(
    "body",
    [
        pictures.jpeg(700, 500),
        pictures.jpeg(1_500, 90),
        pictures.jpeg(90, 1_500),
        pictures.jpeg(5, 3),
        pictures.transparent_png(700, 500),
        pictures.gif(400, 300, frames=4),
    ],
    ids=["photo", "panorama", "column", "tiny", "transparent", "animation"],
)
@pytest.mark.parametrize("how", ["mosaic-8", "mosaic-1", "tile"])
def test_a_blurred_picture_has_files_of_the_same_sizes_under_blurred(s3, body, how):
    sharp = staged(s3, body)

    soft = blur(s3, sharp, BLURS[how])

    for before, after in zip((sharp.master, *sharp.renditions), (soft.master, *soft.renditions), strict=True):
        assert after.key.rpartition(".")[0] == before.key.rpartition(".")[0].replace(PREFIX, f"{PREFIX}blurred/")
        assert (after.width, after.height) == (before.width, before.height) == image_at(s3, after).size
    assert soft.blur == how
    assert not sharp.blur


def test_of_an_animation_a_still_is_left(s3):
    soft = blur(s3, staged(s3, pictures.gif(960, 30, frames=4)))

    assert not soft.animated
    assert [getattr(image_at(s3, each), "n_frames", 1) for each in (soft.master, *soft.renditions)] == [1, 1]


def test_quality_is_predicted_from_what_is_left_to_be_seen(s3):
    sharp = staged(s3, pictures.jpeg(700, 500))

    soft = blur(s3, sharp)

    assert soft.quality["jpeg"] < sharp.quality["jpeg"]


def test_placeholder_and_colour_come_from_the_blurred_pixels(s3):
    bars = Image.new("RGB", (400, 300), "white")
    for left in range(0, 400, 100):
        bars.paste("navy", (left, 0, left + 50, 300))
    sharp = staged(s3, pictures.png(image=bars))

    soft = blur(s3, sharp)

    assert soft.placeholder != sharp.placeholder
    assert soft.dominant_color != sharp.dominant_color


def test_blurring_twice_writes_the_same_files(s3):
    sharp = staged(s3, pictures.jpeg(400, 300))
    first = blur(s3, sharp)
    keys = S3ObjectStore(s3).keys(STAGING, PREFIX)

    assert blur(s3, sharp) == first
    assert S3ObjectStore(s3).keys(STAGING, PREFIX) == keys


def test_a_missing_master_is_an_error(s3):
    sharp = staged(s3, pictures.jpeg(64, 64))
    s3.delete_object(Bucket=STAGING, Key=sharp.master.key)

    with pytest.raises(ObjectMissingError):
        blur(s3, sharp)


def test_the_handler_returns_the_picture_as_json(s3, monkeypatch):
    sharp = staged(s3, pictures.jpeg(64, 64))

    result = Function("blur", monkeypatch)({"image_id": IMAGE_ID, "revision": "3", "picture": sharp.to_state()})

    assert json.loads(json.dumps(result)) == result
    assert result["master"]["key"] == f"{PREFIX}blurred/master.jpg"
    assert result["blur"] == "mosaic-4"


@pytest.mark.parametrize("name", ["mosaic-9", "mosaic-0", "mosaic", "tile-8", "gaussian"])
def test_a_stage_cannot_blur_less_than_by_eight_cells(name):
    with pytest.raises(SettingsError, match=r"BLUR is .*; it must be one of tile, mosaic-1, .*, mosaic-8"):
        BlurSettings.from_environment({"STAGING_BUCKET": STAGING, "BLUR": name})


def test_a_stage_may_blur_more():
    settings = BlurSettings.from_environment({"STAGING_BUCKET": STAGING, "BLUR": "tile"})

    assert settings.blur == BLURS["tile"]
