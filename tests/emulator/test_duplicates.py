"""Events arrive at least once and out of order, and a form can be used again: the first upload is the only one."""

import hashlib
import json
import uuid

import pytest

from tests import pictures
from tests.counted import counted
from tests.deployed import WITHIN_SECONDS, eventually

USES = counted(8, 60)
"""How often a form is used again."""
LAST = "FFFFFFFFFFFFFFFFFF"
"""A sequencer after all that the emulator gives."""


@pytest.fixture
def upload(pipeline):
    return pipeline.a_small_upload()


@pytest.fixture
def ticket(pipeline, upload):
    """A presigned POST, which S3 takes more than once."""
    return pipeline.client.ask_for_upload(upload, "POST")


def etag_of(body):
    """Return the ETag that S3 gives to an object that is written in one piece."""
    return hashlib.md5(body).hexdigest()


def place_of(image_id):
    return f"uploads/{image_id}/"


def second_uploads(pipeline, image_id):
    """Return how many uploads that were not claimed the history counts."""
    return int(pipeline.item(image_id, "EVENT#SECOND_UPLOAD").get("count", 0))


def test_the_same_event_delivered_three_times_gives_one_image_and_two_duplicates_that_called_no_function(pipeline):
    first = pipeline.run(pictures.jpeg(600, 400))
    event = json.loads(first.execution["input"])
    record, called = pipeline.item(first.image_id), pipeline.invocations()

    duplicates = [pipeline.start_again(event) for _ in range(2)]

    assert [each["status"] for each in duplicates] == ["SUCCEEDED", "SUCCEEDED"]
    assert [pipeline.states(each)[-2:] for each in duplicates] == [["IsSameEvent", "DuplicateUpload"]] * 2
    assert pipeline.invocations() == called
    assert called["optimize"] > 0  # the log is where this looks
    assert pipeline.item(first.image_id) == record
    assert len({key.split("/")[1] for key in pipeline.keys("published", f"{first.image_id}/")}) == 1


def test_a_form_that_is_used_again_and_again_leaves_one_version_and_one_line_of_history(pipeline, upload, ticket):
    pipeline.send(ticket, upload)
    published = pipeline.end_of(ticket["id"])
    (version,) = pipeline.stored_versions("originals", place_of(published.image_id))
    record, called = pipeline.item(published.image_id), pipeline.invocations()

    for _ in range(USES):
        pipeline.send(ticket, upload)
    eventually(lambda: second_uploads(pipeline, published.image_id) == USES, within_seconds=WITHIN_SECONDS + 4 * USES)
    pipeline.eventually(lambda: pipeline.stored_versions("originals", place_of(published.image_id)) == [version])

    assert pipeline.item(published.image_id) == record
    assert pipeline.invocations()["optimize"] == called["optimize"]
    shown = pipeline.client.image(published.image_id)
    assert [line["type"] for line in shown["history"]] == ["SECOND_UPLOAD", "PUBLISHED"]
    assert shown["history"][0]["first_at"] < shown["history"][0]["at"]


@pytest.mark.parametrize("named", [True, False], ids=["the event names the version", "it names none"])
def test_another_upload_after_the_verdict_does_not_replace_the_original(pipeline, named):
    """The emulator's events have no version, AWS's do: one event of each kind is started in addition to the
    emulator's."""
    published = pipeline.run(pictures.jpeg(600, 400))
    place = place_of(published.image_id)
    (first,) = pipeline.stored_versions("originals", place)
    swapped = pictures.jpeg(400, 300)
    etag, second = pipeline.put_original(published.image_id, swapped)
    event = pipeline.upload_event(published.image_id, swapped, etag, sequencer=LAST, version=second if named else None)

    execution = pipeline.start_again(event)

    assert pipeline.states(execution)[-1] == "DuplicateUpload"
    assert pipeline.stored_versions("originals", place) == [first]
    assert pipeline.keys("originals", place)
    assert pipeline.item(published.image_id)["status"] == "PUBLISHED"


@pytest.mark.parametrize("first", ["REJECTED", "HELD"])
def test_another_upload_does_not_restart_a_finished_image_without_a_picture(pipeline, upload, first):
    ticket = pipeline.client.ask_for_upload(upload, "PUT")
    if first == "HELD":
        pipeline.rekognition.set(refuse=1)
    body = pictures.truncated(pictures.jpeg()) if first == "REJECTED" else upload.body
    etag, _ = pipeline.put_original(ticket["id"], body)
    assert pipeline.end_of(ticket["id"]).status == first
    record, called = pipeline.item(ticket["id"]), pipeline.invocations()

    pipeline.put_original(ticket["id"], pictures.jpeg(400, 300))
    pipeline.eventually(lambda: second_uploads(pipeline, ticket["id"]))

    assert pipeline.item(ticket["id"]) == record
    assert record["claimed_etag"] == etag
    assert pipeline.invocations()["optimize"] == called["optimize"]
    assert len(pipeline.versions("originals", place_of(ticket["id"]))) == 1


def test_another_upload_while_the_first_one_is_processed_changes_nothing(pipeline, upload, ticket):
    with pipeline.rekognition.holding():
        pipeline.send(ticket, upload)
        pipeline.rekognition.wait_for_a_call()
        pipeline.put_original(ticket["id"], pictures.jpeg(400, 300))
        pipeline.eventually(lambda: second_uploads(pipeline, ticket["id"]))

    ended = pipeline.end_of(ticket["id"])
    assert ended.status == "PUBLISHED"
    assert ended.record["original"]["bytes"] == len(upload.body)
    assert len(pipeline.versions("originals", place_of(ticket["id"]))) == 1


def test_an_upload_whose_run_failed_before_it_was_deleted_is_deleted_by_settle(pipeline, upload, ticket):
    pipeline.send(ticket, upload)
    pipeline.end_of(ticket["id"])
    event = pipeline.upload_event(ticket["id"], upload.body, etag_of(upload.body), sequencer=LAST)

    with pipeline.always_dying("remove"):
        pipeline.put_original(ticket["id"], pictures.jpeg(400, 300))
        failed = pipeline.start_again(event)

    assert failed["status"] == "FAILED"
    assert failed["error"].startswith("Runtime.")
    pipeline.eventually(lambda: len(pipeline.versions("originals", place_of(ticket["id"]))) == 1)
    assert pipeline.item(ticket["id"])["status"] == "PUBLISHED"


def test_an_upload_that_was_replaced_before_it_was_read_succeeds(pipeline, upload, ticket):
    pipeline.run(upload.body)  # so that there is a worker to be frozen
    with pipeline.frozen("optimize"), pipeline.throttled("remove"):
        pipeline.send(ticket, upload)
        execution = pipeline.wait_for_state(ticket["id"], "OptimizeImage")
        pipeline.put_original(ticket["id"], pictures.jpeg(400, 300))

    ended = pipeline.end_of(ticket["id"])
    assert ended.status == "PUBLISHED"
    assert ended.record["original"]["bytes"] == len(upload.body)
    assert ended.execution["executionArn"] == execution
    assert len(pipeline.versions("originals", place_of(ticket["id"]))) == 1


def test_events_that_come_in_the_wrong_order_leave_the_upload_that_was_claimed_first(pipeline, upload):
    ticket = pipeline.client.ask_for_upload(upload, "PUT")
    pipeline.put_original(ticket["id"], upload.body)
    published = pipeline.end_of(ticket["id"])
    event = json.loads(published.execution["input"])
    event["detail"]["object"]["sequencer"] = "0"

    late = pipeline.start_again(event)

    assert pipeline.states(late)[-1] == "DuplicateUpload"
    assert len(pipeline.versions("originals", place_of(ticket["id"]))) == 1
    assert pipeline.item(ticket["id"])["status"] == "PUBLISHED"


def test_a_claim_whose_answer_was_lost_is_claimed_again_by_the_same_execution(pipeline, upload):
    """The claim is in the table before the execution claims the image, as for a retry after a lost response."""
    ticket = pipeline.client.ask_for_upload(upload, "PUT")
    name = uuid.uuid4().hex
    etag = etag_of(upload.body)
    pipeline.write_claim(ticket["id"], pipeline.execution_arn(name), sequencer=LAST, etag=etag)
    pipeline.put_original(ticket["id"], upload.body)

    execution = pipeline.start_named(name, pipeline.upload_event(ticket["id"], upload.body, etag, sequencer=LAST))

    assert execution["status"] == "SUCCEEDED"
    assert pipeline.states(execution)[-1] == "PersistImage"
    assert pipeline.item(ticket["id"])["status"] == "PUBLISHED"


def test_an_event_about_another_claim_of_the_same_age_is_a_duplicate(pipeline, upload):
    ticket = pipeline.client.ask_for_upload(upload, "PUT")
    etag = etag_of(upload.body)
    pipeline.write_claim(ticket["id"], pipeline.execution_arn("somebody-else"), sequencer=LAST, etag=etag)
    pipeline.put_original(ticket["id"], upload.body)

    execution = pipeline.start_named(
        uuid.uuid4().hex, pipeline.upload_event(ticket["id"], upload.body, etag, sequencer=LAST)
    )

    assert pipeline.states(execution)[-1] == "DuplicateUpload"
    assert pipeline.item(ticket["id"])["status"] == "PROCESSING"
