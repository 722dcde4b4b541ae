"""A delete wins: over an image that is being processed, over a picture that is being made, over late events."""

import json
from concurrent.futures import ThreadPoolExecutor

from tests import pictures


def test_a_delete_takes_everything_down_and_leaves_a_record_without_what_was_personal(pipeline):
    ended = pipeline.run(pictures.jpeg(900, 600))
    assert pipeline.client.variant(ended.image_id, width=200).status_code == 200

    answer = pipeline.client.delete(ended.image_id)

    assert answer.status_code == 202
    for bucket in ("staging", "published"):
        pipeline.eventually(lambda bucket=bucket: pipeline.keys(bucket, f"{ended.image_id}/") == [])
    pipeline.eventually(lambda: pipeline.keys("generated", f"images/{ended.image_id}/") == [])
    assert pipeline.versions("originals", f"uploads/{ended.image_id}/") == []
    record = pipeline.item(ended.image_id)
    assert record["status"] == "REMOVED"
    assert "filename" not in record
    assert pipeline.item(ended.image_id, "LABELS") == {}
    assert pipeline.client.variant(ended.image_id, width=200).status_code == 410


def test_a_delete_in_the_middle_of_processing_wins(pipeline):
    with pipeline.rekognition.holding():
        image_id = pipeline.upload(pictures.jpeg(900, 600))
        pipeline.rekognition.wait_for_a_call()
        execution = pipeline.item(image_id)["claimed_by"]

        answer = pipeline.client.delete(image_id)

    assert answer.status_code == 202
    assert pipeline.states(pipeline.wait_for(execution))[-1] == "UploadSuperseded"
    assert pipeline.item(image_id)["status"] == "REMOVED"
    for bucket in ("staging", "published"):
        assert pipeline.keys(bucket, f"{image_id}/") == []
    assert pipeline.versions("originals", f"uploads/{image_id}/") == []
    assert pipeline.client.variant(image_id, width=200).status_code == 410


def test_a_delete_in_the_middle_of_serving_leaves_no_variant_behind(pipeline):
    image_id = pipeline.run(pictures.jpeg(2400, 1600)).image_id
    widths = (96, 200, 384, 750, 1080, 1600)

    with ThreadPoolExecutor(len(widths) + 1) as threads:
        serving = [threads.submit(pipeline.client.variant, image_id, width=width, format="webp") for width in widths]
        removal = threads.submit(pipeline.client.delete, image_id)

    assert removal.result().status_code == 202
    assert {answer.result().status_code for answer in serving} <= {200, 410}
    pipeline.eventually(lambda: pipeline.keys("generated", f"images/{image_id}/") == [])
    assert pipeline.client.variant(image_id, width=96, format="webp").status_code == 410


def test_a_late_event_does_not_bring_a_removed_image_back(pipeline):
    ended = pipeline.run(pictures.jpeg())
    pipeline.client.delete(ended.image_id)
    record = pipeline.item(ended.image_id)

    late = pipeline.start_again(json.loads(ended.execution["input"]), resume=True)

    assert pipeline.states(late)[-1] == "DuplicateUpload"
    assert pipeline.item(ended.image_id) == record
    assert pipeline.keys("published", f"{ended.image_id}/") == []


def test_a_legal_hold_refuses_the_delete(pipeline):
    ended = pipeline.run(pictures.jpeg())
    pipeline.set_legal_hold(ended.image_id)

    answer = pipeline.client.delete(ended.image_id)

    assert answer.status_code == 409
    assert pipeline.item(ended.image_id)["status"] == "PUBLISHED"


def test_a_removal_is_announced_on_the_event_bus(pipeline):
    ended = pipeline.run(pictures.jpeg())
    with pipeline.announcements() as heard_of:
        pipeline.client.delete(ended.image_id)

        pipeline.eventually(lambda: heard_of(ended.image_id))
        assert heard_of(ended.image_id) == ["Image Removed"]
