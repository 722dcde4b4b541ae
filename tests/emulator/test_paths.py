"""Every way through the deployed state machine, with IAM enforced: which states, which end, what is left behind."""

from functools import partial

import pytest

from tests import pictures

CLEAN_PATH = [
    "IsUploadDescribed", "ClaimUpload", "OptimizeImage", "WasOptimized", "ModerateImage", "WhatWasDecided",
    "PersistImage",
]  # fmt: skip
FLAGGED_PATH = [*CLEAN_PATH[:-1], "BlurImage", CLEAN_PATH[-1]]
WEAPON = [
    {"Name": "Weapons", "ParentName": "Violence", "TaxonomyLevel": 2, "Confidence": 97.0},
    {"Name": "Violence", "ParentName": "", "TaxonomyLevel": 1, "Confidence": 97.0},
]
EXPLICIT = [
    {"Name": "Explicit Sexual Activity", "ParentName": "Explicit", "TaxonomyLevel": 2, "Confidence": 99.0},
    {"Name": "Explicit", "ParentName": "", "TaxonomyLevel": 1, "Confidence": 99.0},
]


def test_a_clean_picture_passes_the_states_in_order_and_is_published(pipeline):
    ended = pipeline.run(pictures.jpeg(900, 600))

    assert ended.status == "PUBLISHED"
    assert ended.execution["status"] == "SUCCEEDED"
    assert ended.states == CLEAN_PATH
    assert pipeline.keys("published", f"{ended.image_id}/1/")
    assert pipeline.keys("staging", f"{ended.image_id}/") == []
    assert pipeline.history(ended.image_id)[-1] == "PUBLISHED"


def test_a_flagged_picture_passes_blur_image_and_only_blurred_pixels_are_published(pipeline):
    pipeline.rekognition.set(labels=WEAPON)

    ended = pipeline.run(pictures.jpeg(900, 600))

    assert ended.status == "BLURRED"
    assert ended.states == FLAGGED_PATH
    published = pipeline.keys("published", f"{ended.image_id}/")
    assert published
    assert all(key.startswith(f"{ended.image_id}/1/blurred/") for key in published)
    assert pipeline.keys("staging", f"{ended.image_id}/") == []
    labels = pipeline.item(ended.image_id, "LABELS")
    assert [label["name"] for label in labels["labels"]] == ["Weapons", "Violence"]


def test_a_blocked_picture_is_recorded_and_nothing_of_it_is_published(pipeline):
    pipeline.rekognition.set(labels=EXPLICIT)

    ended = pipeline.run(pictures.jpeg())

    assert ended.status == "BLOCKED"
    assert ended.execution["status"] == "SUCCEEDED"
    assert pipeline.keys("published", f"{ended.image_id}/") == []
    assert pipeline.keys("staging", f"{ended.image_id}/") == []


@pytest.mark.parametrize("way", ["api", "put", "post"])
def test_each_way_of_uploading_starts_the_same_pipeline(pipeline, way):
    assert pipeline.run(pictures.jpeg(), way=way).status == "PUBLISHED"


@pytest.mark.parametrize(
    ("make", "content_type"),
    [
        (pictures.png, "image/png"),
        (pictures.webp, "image/webp"),
        (partial(pictures.gif, frames=4), "image/gif"),
        (pictures.heic, "image/heic"),
        (pictures.avif, "image/avif"),
        (pictures.transparent_png, "image/png"),
        (partial(pictures.oriented, "JPEG", 6), "image/jpeg"),
        (pictures.cmyk, "image/jpeg"),
    ],
    ids=["png", "webp", "animated gif", "heic", "avif", "transparent png", "turned jpeg", "cmyk jpeg"],
)
def test_every_input_format_is_accepted(pipeline, make, content_type):
    ended = pipeline.run(make(), content_type)

    assert ended.status == "PUBLISHED", ended.record


@pytest.mark.parametrize(
    ("make", "content_type", "reason"),
    [
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png", "UNSUPPORTED_FORMAT"),
        (lambda: pictures.truncated(pictures.jpeg()), "image/jpeg", "CORRUPT"),
        (partial(pictures.png_header, 20_000, 20_000), "image/png", "TOO_MANY_PIXELS"),
        (partial(pictures.gif, 32, 32, frames=300), "image/gif", "TOO_MANY_FRAMES"),
        (pictures.scan_bomb, "image/jpeg", "TOO_COMPLEX"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isupper() else "",
)
def test_a_bad_picture_ends_rejected_with_its_reason_and_the_execution_succeeds(pipeline, make, content_type, reason):
    ended = pipeline.run(make(), content_type)

    assert (ended.status, ended.record["reason"]) == ("REJECTED", reason)
    assert ended.record["detail"]
    assert ended.execution["status"] == "SUCCEEDED"
    assert ended.states[-8:] == [
        "RecordRejection", "AnnounceRejection", "DiscardFiles", "AreFilesDiscarded",
        "WasPictureShown", "ForgetAnnouncement", "DidRunFail", "UploadRejected",
    ]  # fmt: skip
    assert "unannounced" not in ended.record
    assert "ModerateImage" not in ended.states
    assert pipeline.keys("published", f"{ended.image_id}/") == []
    assert pipeline.history(ended.image_id)[-1] == "REJECTED"


@pytest.mark.parametrize(
    ("length", "reason"), [(0, "EMPTY"), (64 * 1024 * 1024 + 1, "TOO_LARGE")], ids=["EMPTY", "TOO_LARGE"]
)
def test_a_file_that_clients_cannot_upload_is_rejected_if_it_is_in_the_bucket(pipeline, length, reason):
    ticket = pipeline.client.ask_for_upload(pipeline.a_small_upload(), "PUT")
    pipeline.put_original(ticket["id"], bytes(length))

    ended = pipeline.end_of(ticket["id"])

    assert (ended.status, ended.record["reason"]) == ("REJECTED", reason)


@pytest.mark.parametrize(
    ("labels", "announcement"),
    [([], "Image Published"), (WEAPON, "Image Blurred"), (EXPLICIT, "Image Blocked")],
    ids=["published", "blurred", "blocked"],
)
def test_each_verdict_is_announced_on_the_event_bus(pipeline, labels, announcement):
    pipeline.rekognition.set(labels=labels)
    with pipeline.announcements() as heard_of:
        ended = pipeline.run(pictures.jpeg())

        pipeline.eventually(lambda: heard_of(ended.image_id))
        assert heard_of(ended.image_id) == [announcement]


def test_a_rejection_is_announced_on_the_event_bus(pipeline):
    with pipeline.announcements() as heard_of:
        ended = pipeline.run(pictures.truncated(pictures.jpeg()))

        pipeline.eventually(lambda: heard_of(ended.image_id))
        assert heard_of(ended.image_id) == ["Image Rejected"]
