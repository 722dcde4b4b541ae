"""A sweep repairs stuck images and leaves everything else alone."""

from datetime import UTC, datetime, timedelta

import pytest

from functions.records.entries import status_selector
from functions.shared.aws import KEYS_PER_READ
from functions.shared.clock import iso
from functions.shared.events import detail_type
from functions.shared.keys import original_key
from functions.shared.status import Status
from functions.sweep.stuck_images import MAX_RESUMED, Repairs
from tests.fakes.aws import ORIGINALS


def test_a_processing_image_whose_execution_has_ended_is_settled_at_most_once_an_hour(stage):
    image_id, _ = stage.claimed(Status.PROCESSING)
    stage.states.stop_execution(executionArn=stage.execution(image_id))

    for _ in range(2):
        assert stage.sweep().settled == 1

    (detail,) = stage.settled()
    assert detail["status"] == "ABORTED"
    assert detail["stateMachineArn"] == stage.machines["ingest"]
    assert original_key(image_id) in detail["input"]
    stage.later += timedelta(hours=1)
    stage.sweep()
    assert len(stage.settled()) == 2


@pytest.mark.parametrize(
    "more", [{}, {"claimed_size": None, "claimed_etag": None}], ids=["this release", "earlier releases"]
)
def test_a_processing_image_whose_execution_no_longer_exists_is_settled(stage, more):
    image_id, execution = stage.claimed(Status.PROCESSING)
    if more:
        stage.record(image_id, Status.PROCESSING, claimed_by=execution)

    assert stage.sweep().settled == 1
    (detail,) = stage.settled()
    assert (detail["executionArn"], detail["status"]) == (execution, "MISSING")
    assert original_key(image_id) in detail["input"]


@pytest.mark.parametrize("status", [Status.BLURRED, Status.BLOCKED, Status.IN_REVIEW, Status.FAILED, Status.REJECTED])
def test_an_image_whose_event_was_not_sent_is_settled_ten_minutes_later_however_old_the_image_is(stage, status):
    image_id, execution = stage.claimed(status, unannounced="Image Blocked", claimed_at="2026-11-24T09:00:00.000Z")
    stage.due(image_id)
    stage.later = timedelta(minutes=9)
    assert stage.sweep().settled == 0

    stage.later = timedelta(minutes=11)
    assert stage.sweep().settled == 1
    assert [detail["executionArn"] for detail in stage.settled()] == [execution]


@pytest.mark.parametrize("status", [Status.FAILED, Status.REJECTED])
def test_an_ending_is_settled_only_if_its_execution_ended_before_the_last_step(stage, status):
    image_id, _ = stage.claimed(status, unannounced=detail_type(status))
    stage.due(image_id)
    execution = stage.execution(image_id)
    assert stage.sweep().settled == 0

    stage.states.stop_execution(executionArn=execution)
    assert stage.sweep().settled == 1
    assert [detail["status"] for detail in stage.settled()] == ["ABORTED"]


def test_an_image_whose_event_was_sent_is_left_alone(stage):
    image_id, _ = stage.claimed(Status.BLOCKED)
    stage.due(image_id)

    assert stage.sweep() == Repairs(0, 0, 0, looked_at_all=True)


def test_without_time_images_with_nothing_due_are_not_read_to_the_end(stage):
    image_id, _ = stage.claimed(Status.BLOCKED)
    stage.due(image_id)

    assert stage.sweep(has_time=lambda: False) == Repairs(0, 0, 0, looked_at_all=False)


def test_more_images_with_something_due_than_one_read_takes_are_all_found(stage):
    for _ in range(KEYS_PER_READ + 3):
        image_id, _ = stage.claimed(Status.FAILED, unannounced="Image Failed")
        for _ in range(2):
            stage.due(image_id)

    stage.sweep()

    assert len(stage.settled()) == KEYS_PER_READ + 3


@pytest.mark.parametrize("status", [Status.PROCESSING, Status.HELD])
def test_an_image_that_the_index_still_has_in_its_former_status_is_left_alone(stage, status):
    stage.claimed(Status.BLOCKED, selector=status_selector(status))

    assert stage.sweep() == Repairs(0, 0, 0, looked_at_all=True)


# --- pending decisions


def pending(stage, minutes, **more):
    """Write the record of an image that was decided so many minutes before the sweep, and its history item."""
    at = iso(datetime.now(UTC) + stage.later - timedelta(minutes=minutes))
    document = {"decision": "blur", "source": "override", "at": at}
    image_id, _ = stage.claimed(**{"status": Status.PUBLISHED, "pending": document, "last_revision": 4, **more})
    stage.due(image_id, at)
    return image_id


def test_an_image_whose_decision_stays_pending_is_queued_again(stage):
    image_id = pending(stage, 9)
    assert stage.sweep().started == 0

    stage.later += timedelta(minutes=2)
    assert stage.sweep().started == 1
    (event,) = stage.enqueued()
    assert event["rework"] is True
    assert event["detail"]["object"] == {
        "key": original_key(image_id), "size": 7, "etag": "e" * 32, "sequencer": "00AA", "version-id": "v1",
    }  # fmt: skip


@pytest.mark.parametrize(
    "more",
    [
        {"status": Status.PROCESSING, "claimed_at": "2099-01-01T00:00:00Z"},
        {"last_revision": 100},
        {"claimed_size": None},
        {"pending": None},
    ],
    ids=["being processed", "processed too often", "names no upload", "applied"],
)
def test_an_image_that_cannot_or_need_not_be_processed_again_is_left_alone(stage, more):
    pending(stage, 11, **more)

    assert stage.sweep().started == 0


def test_an_image_that_was_decided_twice_is_queued_once(stage):
    image_id = pending(stage, 11)
    stage.due(image_id, iso(datetime.now(UTC) + stage.later - timedelta(hours=5)))

    assert stage.sweep().started == 1
    assert len(stage.enqueued()) == 1


def test_while_uploads_wait_a_decision_is_forgotten_after_a_day(stage):
    pending(stage, 23 * 60)
    stage.sqs.send_message(QueueUrl=stage.queue, MessageBody="another upload")
    assert stage.sweep().started == 0

    stage.later += timedelta(hours=2)
    assert stage.sweep().started == 1


def test_a_claim_without_a_time_counts_as_old(stage):
    stage.claimed(Status.PROCESSING, claimed_at="")

    assert stage.sweep().settled == 1


def test_a_processing_image_whose_execution_runs_or_just_started_is_left_alone(stage):
    image_id, _ = stage.claimed(Status.PROCESSING)
    stage.execution(image_id)
    assert stage.sweep().settled == 0

    stage.later = timedelta(minutes=1)
    stage.claimed(Status.PROCESSING)
    assert stage.sweep() == Repairs(0, 0, 0, looked_at_all=True)


def test_a_review_that_was_due_is_started_at_most_once_an_hour_however_old_the_image_is(stage):
    stage.later = timedelta(0)
    image_id = stage.reviewed(due_in_minutes=5)
    stage.later = timedelta(minutes=14)
    assert stage.sweep().started == 0

    stage.later = timedelta(minutes=16)
    for _ in range(2):
        assert stage.sweep().started == 1
    assert stage.inputs("review") == [{"image_id": image_id}]

    stage.later += timedelta(hours=1)
    stage.sweep()
    assert len(stage.inputs("review")) == 2


@pytest.mark.parametrize(
    "record",
    [
        {"review": {"fallback": "HOLD"}},
        {"status": Status.PUBLISHED},  # the index may lag behind the record
    ],
    ids=["held without a limit", "decided"],
)
def test_a_review_that_is_never_due_or_was_decided_is_left_alone(stage, record):
    stage.reviewed(due_in_minutes=-60, **record)

    assert stage.sweep().started == 0


def test_more_overdue_reviews_than_one_read_takes_are_all_started(stage):
    ids = {stage.reviewed(due_in_minutes=-60) for _ in range(KEYS_PER_READ + 3)}

    assert stage.sweep().started == len(ids)
    assert {document["image_id"] for document in stage.inputs("review")} == ids


def test_without_time_a_review_is_left_to_the_next_sweep(stage):
    stage.reviewed(due_in_minutes=-60)

    assert stage.sweep(has_time=lambda: False) == Repairs(0, 0, 0, looked_at_all=False)
    assert stage.sweep().started == 1


@pytest.mark.parametrize("status", [None, Status.AWAITING_UPLOAD, Status.REMOVED])
def test_an_unclaimed_upload_is_queued_with_the_event_that_s3_would_send(stage, status):
    image_id = stage.upload()
    stage.upload(image_id, body=b"a second one")
    if status:
        stage.record(image_id, status)

    repairs = stage.sweep()

    versions = stage.aws.s3.list_object_versions(Bucket=ORIGINALS)["Versions"]
    first = next(each for each in versions if not each["IsLatest"])
    (event,) = stage.enqueued()
    assert repairs.started == 1
    assert event["detail"]["bucket"] == {"name": ORIGINALS}
    assert event["detail"]["object"] == {
        "key": original_key(image_id),
        "size": 5,
        "etag": first["ETag"].strip('"'),
        "version-id": first["VersionId"],
        "sequencer": event["detail"]["object"]["sequencer"],
    }
    assert "resume" not in event


def test_claimed_new_and_old_uploads_are_left_alone(stage):
    stage.record(stage.upload(), Status.PUBLISHED, claimed_by="arn")
    stage.upload("01JDFZ8Q6W4T3R2Y1X0V9B8N7M")  # an id of 2024
    assert stage.sweep().started == 0

    stage.upload()
    stage.later = timedelta(minutes=9)
    assert stage.sweep().started == 0


def test_more_uploads_than_one_read_takes_are_all_queued(stage):
    ids = {stage.upload() for _ in range(KEYS_PER_READ + 3)}

    assert stage.sweep().started == len(ids)
    assert {event["detail"]["object"]["key"] for event in stage.enqueued()} == {original_key(each) for each in ids}


def test_a_held_image_is_resumed_after_an_hour(stage):
    image_id, _ = stage.claimed(Status.HELD, error={"error": "TransientDependencyError"})
    stage.later = timedelta(minutes=59)
    assert stage.sweep().resumed == 0

    stage.later = timedelta(minutes=61)
    assert stage.sweep().resumed == 1
    (event,) = stage.enqueued()
    assert event["resume"] is True
    assert event["detail"]["object"] == {
        "key": original_key(image_id), "size": 7, "etag": "e" * 32, "sequencer": "00AA", "version-id": "v1",
    }  # fmt: skip


def test_a_held_image_that_would_be_held_again_is_left_to_an_operator(stage):
    stage.claimed(Status.HELD, error={"error": "ModerationRefusedError"})

    assert stage.sweep().resumed == 0


@pytest.mark.parametrize(("revision", "resumed"), [(74, 1), (75, 0)])
def test_a_held_image_is_left_to_an_operator_before_it_can_no_longer_be_processed(stage, revision, resumed):
    stage.claimed(Status.HELD, last_revision=revision)

    assert stage.sweep().resumed == resumed


def test_a_held_image_is_not_resumed_before_its_event_was_sent(stage):
    stage.claimed(Status.HELD, unannounced="Image Held")

    assert stage.sweep() == Repairs(settled=1, started=0, resumed=0, looked_at_all=True)


@pytest.mark.parametrize("missing", ["claimed_etag", "claimed_size", "sequencer"])
def test_a_held_image_whose_record_does_not_identify_its_upload_is_left_to_an_operator(stage, missing):
    stage.claimed(Status.HELD, **{missing: None})

    assert stage.sweep().resumed == 0


def test_an_image_of_a_release_that_claimed_no_size_is_resumed_from_its_accepted_upload(stage):
    original = {"bucket": ORIGINALS, "key": "k", "etag": "f" * 32, "size": 9}
    stage.claimed(Status.HELD, claimed_etag=None, claimed_size=None, original=original)

    assert stage.sweep().resumed == 1
    (event,) = stage.enqueued()
    assert (event["detail"]["object"]["size"], event["detail"]["object"]["etag"]) == (9, "f" * 32)


def test_one_sweep_resumes_a_limited_number_of_held_images(stage):
    for _ in range(MAX_RESUMED + 2):
        stage.claimed(Status.HELD)
    stage.upload()

    assert stage.sweep() == Repairs(0, 1, MAX_RESUMED, looked_at_all=False)


def test_images_with_nothing_due_take_no_time_from_stuck_ones(stage):
    for _ in range(9):
        image_id, _ = stage.claimed(Status.BLOCKED)
        stage.due(image_id)
    stage.claimed(Status.PROCESSING)
    stage.claimed(Status.HELD)
    stage.reviewed(due_in_minutes=-60)
    stage.upload()
    calls = iter(range(100))

    repairs = stage.sweep(has_time=lambda: next(calls) < 5)

    assert repairs == Repairs(settled=1, started=2, resumed=1, looked_at_all=False)


def test_while_uploads_are_queued_only_processing_images_are_repaired(stage):
    stage.upload()
    stage.claimed(Status.HELD)
    stage.claimed(Status.PROCESSING)
    stage.sqs.send_message(QueueUrl=stage.queue, MessageBody="another upload")

    assert stage.sweep() == Repairs(settled=1, started=0, resumed=0, looked_at_all=True)


def test_an_upload_of_yesterday_counts_as_forgotten_even_while_others_wait(stage):
    stage.upload()
    stage.sqs.send_message(QueueUrl=stage.queue, MessageBody="another upload")
    stage.later = timedelta(hours=25)

    assert stage.sweep().started == 1


def test_a_sweep_that_runs_out_of_time_reports_it_and_the_next_one_continues(stage):
    stage.upload()

    assert stage.sweep(has_time=lambda: False) == Repairs(0, 0, 0, looked_at_all=False)
    assert stage.sweep().started == 1


def test_other_objects_in_the_bucket_are_left_alone(stage):
    stage.aws.put_objects(ORIGINALS, ["uploads/readme.txt", "uploads/zz/original", "other/file"])

    assert stage.sweep().started == 0
