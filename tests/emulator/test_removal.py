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


def test_of_an_upload_with_an_old_form_after_a_delete_nothing_is_left(pipeline):
    upload = pipeline.a_small_upload()
    by_post, by_put = (pipeline.client.ask_for_upload(upload, method) for method in ("POST", "PUT"))
    for ticket in (by_post, by_put):
        assert pipeline.client.delete(ticket["id"]).status_code == 202

    pipeline.send(by_post, upload)
    form = by_put["upload"]
    pipeline.client.http.put(form["url"], content=upload.body, headers=form["headers"]).raise_for_status()

    for image_id in (by_post["id"], by_put["id"]):
        pipeline.eventually(lambda image_id=image_id: "SECOND_UPLOAD" in pipeline.history(image_id))
        assert pipeline.keys("originals", f"uploads/{image_id}/") == []
        assert pipeline.item(image_id)["status"] == "REMOVED"


def test_a_version_that_is_written_after_a_delete_goes_for_good(pipeline):
    """On AWS the event names the version; here one is started that does, beside the one that the write starts."""
    image_id = pipeline.run(pictures.jpeg()).image_id
    pipeline.client.delete(image_id)
    etag = pipeline.put_original(image_id, pictures.jpeg())
    (version,) = pipeline.stored_versions("originals", f"uploads/{image_id}/")
    event = pipeline.upload_event(image_id, pictures.jpeg(), etag, sequencer="FFFFFFFFFFFFFFFFFF", version=version)

    execution = pipeline.start_again(event)

    assert pipeline.states(execution)[-3:] == ["DiscardVersion", "NoteSecondUpload", "DuplicateUpload"]
    assert pipeline.stored_versions("originals", f"uploads/{image_id}/") == []


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
