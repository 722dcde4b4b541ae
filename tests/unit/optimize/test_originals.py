"""OptimizeImage through its handler; S3 is moto, no code of ours is patched."""

import hashlib
import json
from dataclasses import replace

import pytest
from PIL import Image

from functions.imaging.limits import DEFAULT_LIMITS
from functions.imaging.quality import complexity_features, predicted_quality
from functions.optimize.originals import optimize_original
from functions.optimize.settings import OptimizeSettings
from functions.shared.contracts import OptimizeRequest, Rejected, Superseded
from functions.shared.errors import ObjectMissingError, SettingsError
from functions.shared.object_store import S3ObjectStore
from functions.shared.status import Reason
from tests import pictures
from tests.fakes.aws import ORIGINALS, STAGING
from tests.fakes.handlers import Function
from tests.judged.tricks import subject

IMAGE_ID = "01JD6V5X3QWERTY0ASDFGHJKZX"
KEY = f"uploads/{IMAGE_ID}/original"
SETTINGS = OptimizeSettings(staging_bucket=STAGING, limits=DEFAULT_LIMITS)


class Bench:
    """Puts an original and runs the domain function on it as the workflow would."""

    def __init__(self, s3):
        self.s3 = s3

    def put(self, body, content_type="application/octet-stream"):
        etag = self.s3.put_object(Bucket=ORIGINALS, Key=KEY, Body=body, ContentType=content_type)["ETag"].strip('"')
        original = {"bucket": ORIGINALS, "key": KEY, "etag": etag, "size": len(body)}
        return {"image_id": IMAGE_ID, "revision": 3, "original": original}

    def run(self, event, limits=DEFAULT_LIMITS):
        request = OptimizeRequest.from_state(event)
        return optimize_original(
            request, store=S3ObjectStore(self.s3), settings=replace(SETTINGS, limits=limits)
        ).outcome

    def staged(self):
        objects = self.s3.list_objects_v2(Bucket=STAGING).get("Contents", [])
        return {each["Key"]: each["Size"] for each in objects}


@pytest.fixture
def bench(s3):
    return Bench(s3)


def test_an_original_becomes_master_renditions_and_proxy_in_staging(bench):
    body = pictures.jpeg(2_000, 1_000)

    outcome = bench.run(bench.put(body, "image/jpeg"))

    prefix = f"{IMAGE_ID}/3/"
    files = [outcome.picture.master, *outcome.picture.renditions, *outcome.proxies]
    assert [each.key for each in files] == [
        prefix + name for name in ("master.jpg", "w480.jpg", "w1280.jpg", "proxy-0.jpg")
    ]
    assert bench.staged() == {each.key: each.bytes for each in files}
    for each in files:
        stored = bench.s3.get_object(Bucket=STAGING, Key=each.key)
        assert stored["ContentType"] == each.content_type
        assert pictures.opened(stored["Body"].read()).size == (each.width, each.height)


def test_the_facts_are_those_of_the_original(bench):
    body = pictures.oriented("JPEG", 6, 300, 200)

    facts = bench.run(bench.put(body)).facts

    assert (facts.width, facts.height, facts.bytes, facts.format, facts.frames) == (300, 200, len(body), "JPEG", 1)
    assert facts.sha256 == hashlib.sha256(body).hexdigest()


def test_the_picture_has_a_quality_for_every_lossy_format(bench):
    quality = bench.run(bench.put(pictures.png(64, 64))).picture.quality

    assert quality == predicted_quality(complexity_features(pictures.scene(64, 64)))


def test_running_twice_writes_the_same_files(bench):
    event = bench.put(pictures.gif(200, 150, frames=3))

    first = bench.run(event)
    files = bench.staged()

    assert bench.run(event) == first
    assert bench.staged() == files


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"", "image/jpeg", Reason.EMPTY),
        (b"<svg/>", "image/svg+xml", Reason.UNSUPPORTED_FORMAT),
        (pictures.truncated(pictures.jpeg()), "image/jpeg", Reason.CORRUPT),
        (pictures.png_header(12_000, 12_000), "image/png", Reason.TOO_MANY_PIXELS),
        (pictures.gif_with_many_frames(257), "image/gif", Reason.TOO_MANY_FRAMES),
        (pictures.png_chunk_bomb(), "image/png", Reason.TOO_COMPLEX),
        (pictures.png(16, 16), "text/html", Reason.TYPE_MISMATCH),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_original_is_an_outcome_with_a_sentence_and_writes_nothing(bench, body, content_type, reason):
    outcome = bench.run(bench.put(body, content_type))

    assert isinstance(outcome, Rejected)
    assert outcome.reason is reason
    assert outcome.detail.endswith(".")
    assert bench.staged() == {}


def test_a_refused_original_is_tagged_for_the_bucket_to_forget_and_a_newer_upload_is_not(bench):
    bench.s3.put_bucket_versioning(Bucket=ORIGINALS, VersioningConfiguration={"Status": "Enabled"})
    refused = bench.put(b"not a picture")

    bench.run(refused)
    bench.put(pictures.jpeg(100, 100))

    newer, older = bench.s3.list_object_versions(Bucket=ORIGINALS, Prefix=KEY)["Versions"]
    tags = {
        each["VersionId"]: bench.s3.get_object_tagging(Bucket=ORIGINALS, Key=KEY, VersionId=each["VersionId"])["TagSet"]
        for each in (newer, older)
    }
    assert tags == {
        newer["VersionId"]: [],
        older["VersionId"]: [{"Key": "image-scaler-status", "Value": "REJECTED"}],
    }


def test_an_original_that_was_overwritten_before_its_refusal_leaves_the_new_one_untagged(bench):
    refused = bench.put(b"\0" * 200)
    bench.put(pictures.jpeg(100, 100))

    outcome = bench.run(refused, replace(DEFAULT_LIMITS, max_bytes=100))

    assert outcome.reason is Reason.TOO_LARGE
    assert bench.s3.get_object_tagging(Bucket=ORIGINALS, Key=KEY)["TagSet"] == []


def test_a_file_that_is_too_large_is_not_even_read(bench):
    event = bench.put(b"x")
    event["original"]["size"] = 65 * 1024 * 1024
    bench.s3.delete_object(Bucket=ORIGINALS, Key=KEY)

    assert bench.run(event) == Rejected(Reason.TOO_LARGE, "The file has 65.0 MiB; at most 64 MiB are accepted.")


def test_the_claimed_version_is_read_and_never_a_later_one(bench):
    bench.s3.put_bucket_versioning(Bucket=ORIGINALS, VersioningConfiguration={"Status": "Enabled"})
    claimed, event = pictures.jpeg(64, 64), bench.put(pictures.jpeg(64, 64))
    event["version"] = bench.s3.head_object(Bucket=ORIGINALS, Key=KEY)["VersionId"]
    bench.put(pictures.jpeg(65, 65))

    assert bench.run(event).facts.sha256 == hashlib.sha256(claimed).hexdigest()

    bench.s3.delete_object(Bucket=ORIGINALS, Key=KEY, VersionId=event["version"])
    with pytest.raises(ObjectMissingError):
        bench.run(event)


def test_an_original_that_was_overwritten_ends_the_execution(bench):
    event = bench.put(pictures.jpeg(64, 64))
    bench.put(pictures.jpeg(65, 65))

    assert isinstance(bench.run(event), Superseded)
    assert bench.staged() == {}


def test_an_original_that_is_gone_is_an_error(bench):
    event = bench.put(pictures.jpeg(64, 64))
    bench.s3.delete_object(Bucket=ORIGINALS, Key=KEY)

    with pytest.raises(ObjectMissingError):
        bench.run(event)


def test_the_handler_returns_the_outcome_as_json(bench, monkeypatch, capsys):
    result = Function("optimize", monkeypatch)(bench.put(pictures.jpeg(400, 300)))

    assert json.loads(json.dumps(result)) == result
    assert result["outcome"] == "optimized"
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert any("ImageOptimized" in line and "DecodeTime" in line for line in lines)


def test_the_handler_returns_a_refusal_as_json(bench, monkeypatch):
    result = Function("optimize", monkeypatch)(bench.put(b"%PDF-1.7"))

    assert result["outcome"] == "rejected"
    assert result["reason"] == "UNSUPPORTED_FORMAT"
    assert result["detail"].startswith("PDF documents are not accepted")


def test_settings_take_limits_from_the_environment():
    settings = OptimizeSettings.from_environment(
        {"STAGING_BUCKET": "s", "MAX_BYTES": "1000", "MAX_FRAMES": "7", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "2000"}
    )

    assert settings.staging_bucket == "s"
    assert (settings.limits.max_bytes, settings.limits.max_frames) == (1000, 7)
    assert settings.limits.max_memory_bytes == 1500 * 1024 * 1024
    assert settings.limits.max_pixels == DEFAULT_LIMITS.max_pixels


def test_the_defaults_are_the_published_limits():
    limits = OptimizeSettings.from_environment({"STAGING_BUCKET": "s"}).limits

    assert limits.max_bytes == 64 * 1024 * 1024
    assert limits.max_pixels == 64_000_000
    assert limits.max_side_px == 16_384
    assert limits.max_frames == 256
    assert limits.max_animation_pixels == 256_000_000
    assert limits.max_decode_seconds == 60


def test_no_setting_lets_in_more_pixels_than_pillow_decodes():
    most = OptimizeSettings.from_environment({"STAGING_BUCKET": "s", "MAX_PIXELS": str(Image.MAX_IMAGE_PIXELS)})

    assert most.limits.max_pixels == Image.MAX_IMAGE_PIXELS
    with pytest.raises(SettingsError, match="MAX_PIXELS is 89478486; it must be a whole number from 1 to 89478485"):
        OptimizeSettings.from_environment({"STAGING_BUCKET": "s", "MAX_PIXELS": str(Image.MAX_IMAGE_PIXELS + 1)})


def test_all_faults_of_the_environment_are_reported_together():
    with pytest.raises(SettingsError, match=r"MAX_BYTES.*MAX_SIDE_PX|STAGING_BUCKET.*MAX_BYTES"):
        OptimizeSettings.from_environment({"MAX_BYTES": "many", "MAX_SIDE_PX": "99999"})


def test_the_views_of_a_picture_are_limited_by_the_environment():
    environment = {"STAGING_BUCKET": "s"}

    assert OptimizeSettings.from_environment(environment).max_views == 64
    assert OptimizeSettings.from_environment(environment | {"MAX_MODERATION_VIEWS": "100"}).max_views == 100
    for wrong in ("7", "129", "many"):
        with pytest.raises(SettingsError, match="MAX_MODERATION_VIEWS"):
            OptimizeSettings.from_environment(environment | {"MAX_MODERATION_VIEWS": wrong})


def test_an_animation_with_more_frames_than_may_be_judged_is_stored_with_those_that_are(bench):
    frames = [subject(96, 72, seed=seed).convert("RGB") for seed in range(12)]
    event = bench.put(pictures.encoded(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=50))

    outcome = optimize_original(
        OptimizeRequest.from_state(event), store=S3ObjectStore(bench.s3), settings=replace(SETTINGS, max_views=8)
    ).outcome

    assert (outcome.facts.frames, outcome.picture.master.frames, len(outcome.proxies)) == (12, 8, 8)
    assert [view.frame for view in outcome.proxies] == list(range(8))


def test_each_view_of_a_transparent_picture_says_how_it_is_seen(bench):
    outcome = bench.run(bench.put(pictures.transparent_png(400, 300)))

    assert [view.rendering for view in outcome.proxies][:3] == ["OVER_GRAY", "OVER_WHITE", "OVER_BLACK"]
    for view in outcome.proxies:
        assert bench.s3.head_object(Bucket=STAGING, Key=view.key)["ContentLength"] == view.bytes


def test_rights_are_kept_only_where_the_setting_says_so():
    environment = {"STAGING_BUCKET": "staging"}

    assert not OptimizeSettings.from_environment(environment).keep_rights
    assert OptimizeSettings.from_environment(environment | {"KEEP_METADATA": "copyright"}).keep_rights
    with pytest.raises(SettingsError, match="KEEP_METADATA is 'gps,copyright'; it must be some of copyright"):
        OptimizeSettings.from_environment(environment | {"KEEP_METADATA": "gps,copyright"})
