"""Without a verdict nothing is published: if moderation is unavailable, the image is held and resumed later."""

import uuid

import pytest

from image_scaler.client import NotFoundError
from image_scaler.operator.errors import OperatorError
from tests import pictures


def test_with_rekognition_off_an_upload_is_held_nothing_is_published_and_the_execution_fails(pipeline):
    pipeline.rekognition.set(on=False)
    with pipeline.announcements() as heard_of:
        ended = pipeline.run(pictures.jpeg())

        assert ended.status == "HELD"
        assert ended.execution["status"] == "FAILED"
        assert ended.execution["error"] == "TransientDependencyError"
        assert pipeline.keys("published", f"{ended.image_id}/") == []
        assert pipeline.keys("staging", f"{ended.image_id}/") == []
        assert pipeline.item(ended.image_id)["error"]["error"] == "TransientDependencyError"
        pipeline.eventually(lambda: heard_of(ended.image_id))
        assert heard_of(ended.image_id) == ["Image Held"]


def test_a_held_image_stays_held_while_rekognition_is_off_and_is_published_by_a_resume_once_it_is_back(pipeline):
    pipeline.rekognition.set(refuse=1)
    held = pipeline.run(pictures.jpeg())
    pipeline.rekognition.set(on=False)

    too_early = pipeline.resume(held.image_id)
    pipeline.rekognition.set(on=True)
    end = pipeline.resume(held.image_id)

    assert [image.status for image in (too_early, end)] == ["HELD", "PUBLISHED"]
    executions = [pipeline.wait_for(image.execution_arn)["status"] for image in (too_early, end)]
    assert executions == ["FAILED", "SUCCEEDED"]
    assert pipeline.item(held.image_id)["claimed_by"] == end.execution_arn
    assert "error" not in pipeline.item(held.image_id)
    assert pipeline.history(held.image_id) == ["HELD", "HELD", "PUBLISHED"]


def test_a_resumed_image_that_was_published_before_gets_a_new_revision_in_place_of_the_old_one(pipeline):
    ended = pipeline.run(pictures.jpeg(600, 400))  # too narrow for anything to be prewarmed
    pipeline.client.variant(ended.image_id, width=200)
    assert pipeline.keys("generated", f"images/{ended.image_id}/")
    pipeline.set_status(ended.image_id, "FAILED")

    end = pipeline.resume(ended.image_id)

    assert end.status == "PUBLISHED"
    assert {key.split("/")[1] for key in pipeline.keys("published", f"{ended.image_id}/")} == {"2"}
    assert pipeline.keys("generated", f"images/{ended.image_id}/") == []


def test_a_variant_that_a_dead_writer_left_of_a_replaced_revision_is_deleted_and_the_new_ones_stay(pipeline):
    ended = pipeline.run(pictures.jpeg(600, 400))
    image_id, bucket = ended.image_id, pipeline.outputs.buckets["generated"]
    pipeline.client.variant(image_id, width=200)
    (key,) = pipeline.keys("generated", f"images/{image_id}/")
    stored = pipeline.s3.get_object(Bucket=bucket, Key=key)
    pipeline.set_status(image_id, "FAILED")
    pipeline.resume(image_id)

    late = key.replace("width=200", "width=96")
    pipeline.s3.put_object(Bucket=bucket, Key=late, Body=stored["Body"].read(), Metadata=stored["Metadata"])
    pipeline.client.variant(image_id, width=200)
    retirement = pipeline.end_of_retirement(image_id, 2)

    assert retirement["status"] == "SUCCEEDED"
    assert pipeline.keys("generated", f"images/{image_id}/") == [key]
    assert pipeline.s3.head_object(Bucket=bucket, Key=key)["Metadata"]["revision"] == "2"


def test_a_shown_picture_whose_next_run_fails_is_retired_once(pipeline):
    image_id = pipeline.run(pictures.jpeg(600, 400)).image_id
    pipeline.client.variant(image_id, width=200)
    pipeline.set_status(image_id, "FAILED")

    with pipeline.always_dying("optimize"):
        failed = pipeline.wait_for(pipeline.resume(image_id).execution_arn)

    assert pipeline.states(failed)[-4:] == [
        "RetireShownPicture", "ForgetAnnouncement", "DidRunFail", "IngestFailed",
    ]  # fmt: skip
    assert "unannounced" not in pipeline.item(image_id)
    assert pipeline.end_of_retirement(image_id, 2)["status"] == "SUCCEEDED"
    assert [each["name"] for each in pipeline.executions("retire", image_id)] == [f"{image_id}-2"]
    assert pipeline.keys("generated", f"images/{image_id}/") == []


def test_a_publication_that_replaces_nothing_starts_no_retirement(pipeline):
    ended = pipeline.run(pictures.jpeg(600, 400))

    assert pipeline.executions("retire", ended.image_id) == []


def test_an_upload_that_failed_may_be_repeated_with_the_same_idempotency_key(pipeline):
    def post():
        return pipeline.client.http.post(
            f"{pipeline.client.url}/v1/images",
            params={"filename": "photo.jpg"},
            content=pictures.jpeg(),
            headers={"Content-Type": "image/jpeg", "Idempotency-Key": key},
        )

    key = uuid.uuid4().hex
    with pipeline.refusing("originals", "s3:PutObject"):
        failed = post()

    assert failed.status_code >= 500
    repeated = post()
    assert repeated.status_code == 202
    assert pipeline.end_of(repeated.json()["id"]).status == "PUBLISHED"


def test_throttled_calls_are_repeated_until_there_is_a_verdict(pipeline):
    pipeline.rekognition.set(throttle=4)

    ended = pipeline.run(pictures.jpeg())

    assert ended.status == "PUBLISHED"
    assert pipeline.rekognition.state()["throttle"] == 0


def test_a_picture_that_rekognition_refuses_is_held_without_a_retry(pipeline):
    pipeline.rekognition.set(refuse=1)

    ended = pipeline.run(pictures.jpeg())

    assert ended.status == "HELD"
    assert ended.execution["error"] == "ModerationRefusedError"


@pytest.mark.parametrize("how", ["not a number", "nothing"])
def test_an_answer_that_rekognition_cannot_give_holds_the_image_without_a_retry(pipeline, how):
    pipeline.rekognition.set(spoil=how)
    calls = pipeline.rekognition.state()["calls"]

    ended = pipeline.run(pictures.jpeg())

    assert ended.status == "HELD"
    assert ended.execution["error"] == "ModerationAnswerError"
    assert pipeline.rekognition.state()["calls"] == calls + 1
    assert pipeline.keys("published", f"{ended.image_id}/") == []


def test_only_a_held_or_failed_image_can_be_resumed(pipeline):
    ended = pipeline.run(pictures.jpeg())

    with pytest.raises(OperatorError, match="is PUBLISHED; only an image that is HELD or FAILED"):
        pipeline.resume(ended.image_id)
    with pytest.raises(NotFoundError):
        pipeline.resume("01ARZ3NDEKTSV4RRFFQ69G5FAV")
