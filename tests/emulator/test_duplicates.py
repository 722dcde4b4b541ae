"""Events arrive at least once and out of order: an image is taken through the pipeline once."""

import json
import uuid

from tests import pictures


def test_the_same_event_delivered_three_times_gives_one_image_and_two_duplicates_that_called_no_function(pipeline):
    first = pipeline.run(pictures.jpeg(600, 400))
    event = json.loads(first.execution["input"])
    record, called = pipeline.item(first.image_id), pipeline.invocations()

    duplicates = [pipeline.start_again(event) for _ in range(2)]

    assert [each["status"] for each in duplicates] == ["SUCCEEDED", "SUCCEEDED"]
    assert all(pipeline.states(each)[-1] == "DuplicateUpload" for each in duplicates)
    assert pipeline.invocations() == called
    assert pipeline.item(first.image_id) == record
    assert len({key.split("/")[1] for key in pipeline.keys("published", f"{first.image_id}/")}) == 1


def test_a_second_upload_after_the_verdict_is_a_duplicate_noted_in_the_history(pipeline):
    upload = pipeline.a_small_upload()
    ticket = pipeline.client.ask_for_upload(upload, "POST")
    pipeline.send(ticket, upload)
    published = pipeline.end_of(ticket["id"])
    record, called = pipeline.item(published.image_id), pipeline.invocations()

    pipeline.send(ticket, upload)
    pipeline.eventually(lambda: "SECOND_UPLOAD" in pipeline.history(published.image_id))

    assert pipeline.item(published.image_id) == record
    assert pipeline.invocations()["optimize"] == called["optimize"]


def test_a_second_upload_after_the_verdict_does_not_replace_the_original(pipeline):
    """On AWS the event names the version; here one is started that does, beside the one that the write starts."""
    published = pipeline.run(pictures.jpeg(600, 400))
    place = f"uploads/{published.image_id}/"
    (first,) = pipeline.stored_versions("originals", place)
    swapped = pictures.jpeg(400, 300)
    etag = pipeline.put_original(published.image_id, swapped)
    second, _ = pipeline.stored_versions("originals", place)

    execution = pipeline.start_again(
        pipeline.upload_event(published.image_id, swapped, etag, sequencer="FFFFFFFFFFFFFFFFFF", version=second)
    )

    assert pipeline.states(execution)[-1] == "DuplicateUpload"
    assert pipeline.stored_versions("originals", place) == [first]
    assert pipeline.keys("originals", place)
    assert pipeline.item(published.image_id)["status"] == "PUBLISHED"


def test_an_older_event_after_a_newer_one_changes_nothing(pipeline):
    ticket = pipeline.client.ask_for_upload(pipeline.a_small_upload(), "PUT")
    pipeline.put_original(ticket["id"], pictures.truncated(pictures.jpeg()))
    rejected = pipeline.end_of(ticket["id"])
    pipeline.put_original(ticket["id"], pictures.jpeg())
    pipeline.eventually(lambda: pipeline.item(ticket["id"])["status"] == "PUBLISHED")
    newer, called = pipeline.item(ticket["id"]), pipeline.invocations()

    late = pipeline.start_again(json.loads(rejected.execution["input"]))

    assert rejected.status == "REJECTED"
    assert pipeline.states(late)[-1] == "DuplicateUpload"
    assert pipeline.item(ticket["id"]) == newer
    assert pipeline.invocations() == called


def test_a_claim_whose_answer_was_lost_is_claimed_again_by_the_same_execution(pipeline):
    """The claim is in the table before the execution asks for it: so does a retry after a lost answer find it."""
    upload = pipeline.a_small_upload()
    ticket = pipeline.client.ask_for_upload(upload, "PUT")
    name = uuid.uuid4().hex
    pipeline.write_claim(ticket["id"], pipeline.execution_arn(name), sequencer="FFFFFFFFFFFFFFFFFF")
    etag = pipeline.put_original(ticket["id"], upload.body)

    execution = pipeline.start_named(
        name, pipeline.upload_event(ticket["id"], upload.body, etag, sequencer="FFFFFFFFFFFFFFFFFF")
    )

    assert execution["status"] == "SUCCEEDED"
    assert pipeline.states(execution)[-1] == "ImagePersisted"
    assert pipeline.item(ticket["id"])["status"] == "PUBLISHED"


def test_an_event_about_another_claim_of_the_same_age_is_a_duplicate(pipeline):
    upload = pipeline.a_small_upload()
    ticket = pipeline.client.ask_for_upload(upload, "PUT")
    pipeline.write_claim(ticket["id"], pipeline.execution_arn("somebody-else"), sequencer="FFFFFFFFFFFFFFFFFF")
    etag = pipeline.put_original(ticket["id"], upload.body)

    execution = pipeline.start_named(
        uuid.uuid4().hex, pipeline.upload_event(ticket["id"], upload.body, etag, sequencer="FFFFFFFFFFFFFFFFFF")
    )

    assert pipeline.states(execution)[-1] == "DuplicateUpload"
    assert pipeline.item(ticket["id"])["status"] == "PROCESSING"


def test_an_event_about_an_overwritten_object_leaves_the_image_to_the_newer_upload(pipeline):
    upload = pipeline.a_small_upload()
    ticket = pipeline.client.ask_for_upload(upload, "PUT")
    newer = pictures.jpeg(400, 300)
    pipeline.put_original(ticket["id"], upload.body)
    pipeline.put_original(ticket["id"], newer)

    pipeline.eventually(lambda: pipeline.item(ticket["id"])["status"] == "PUBLISHED")

    assert pipeline.item(ticket["id"])["facts"]["bytes"] in {len(upload.body), len(newer)}
    revision = pipeline.item(ticket["id"])["revision"]
    pipeline.eventually(
        lambda: {key.split("/")[1] for key in pipeline.keys("published", f"{ticket['id']}/")} == {str(revision)}
    )
