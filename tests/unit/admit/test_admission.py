"""An execution starts once, even if invocations fail, and an invocation lasts until its image has a final status."""

import json

import pytest
from botocore.exceptions import ClientError

from functions.admit.admission import Ending, Upload, time_budget
from functions.shared.errors import ContractError, ThrottledError
from functions.shared.status import Status
from functions.shared.upload_events import ingest_input, upload_event
from tests.unit.admit.conftest import EVENT, EXECUTION, IMAGE, MESSAGE, NAME, batch

FINAL = sorted(set(Status) - {Status.PROCESSING})


REWORK = EVENT | {"rework": True}
PENDING = {"decision": "blur", "source": "override", "at": "2026-11-24T09:00:00.000Z"}


@pytest.mark.parametrize("options", [{}, {"resume": True}, {"rework": True}])
def test_the_execution_has_the_described_upload_as_its_input_and_a_name_from_image_and_message(stage, options):
    stage.write(Status.PUBLISHED, "another", pending=PENDING)
    stage.claim_and_end(at=2)

    stage.admit(EVENT | options)

    assert stage.executions == [NAME]
    found = stage.stepfunctions.describe_execution(executionArn=EXECUTION)
    assert json.loads(found["input"]) == ingest_input(EVENT | options)


@pytest.mark.parametrize("status", [None, *Status])
def test_an_image_is_not_processed_again_if_no_decision_is_pending(stage, status):
    if status:
        stage.write(status, "another")

    assert stage.admit(REWORK) is Ending.DROPPED
    assert stage.executions == []


def test_a_repeated_message_about_a_decision_is_dropped_once_the_decision_is_applied(stage):
    stage.write(Status.PUBLISHED, "another", pending=PENDING)
    stage.claim_and_end(at=2)

    assert [stage.admit(REWORK) for _ in range(2)] == [Ending.ENDED, Ending.DROPPED]
    assert stage.executions == [NAME]


def test_the_message_is_delivered_again_if_the_record_cannot_be_read(stage):
    stage.refuse(stage.aws.dynamodb, "GetItem", "ThrottlingException", times=1)

    with pytest.raises(ThrottledError):
        stage.admit(REWORK)
    assert stage.executions == []


def test_a_described_upload_is_described_as_its_event_is():
    described = ingest_input(EVENT | {"resume": True})

    assert ingest_input(described) == described


@pytest.mark.parametrize("status", FINAL)
def test_an_invocation_lasts_until_the_record_is_no_longer_processing(stage, status):
    stage.claim_and_end(at=30, status=status)

    ending = stage.admit()

    assert ending is Ending.ENDED
    assert 30 <= stage.clock.now <= 32
    assert "DescribeExecution" not in stage.calls


def test_an_invocation_ends_at_most_five_percent_late(stage):
    stage.claim_and_end(at=90)

    stage.admit()

    assert 90 <= stage.clock.now <= 90 * 1.05


def test_the_message_of_an_execution_that_outlasts_the_invocation_is_delivered_again(stage):
    stage.clock.at(0.5, lambda: stage.write(Status.PROCESSING))

    ending = stage.admit(seconds=570)

    assert ending is Ending.AT_WORK
    assert 565 <= stage.clock.now <= 570


def test_a_message_that_is_delivered_again_waits_for_the_same_execution(stage):
    stage.clock.at(0.5, lambda: stage.write(Status.PROCESSING))
    stage.admit()
    stage.clock.at(stage.clock.now + 20, lambda: stage.write(Status.PUBLISHED))
    before = stage.clock.now

    ending = stage.admit()

    assert ending is Ending.ENDED
    assert 20 <= stage.clock.now - before <= 22
    assert stage.executions == [NAME]


@pytest.mark.parametrize("exists", [True, False], ids=["record exists", "record is gone"])
def test_a_message_that_is_delivered_after_the_execution_ended_returns_immediately(stage, exists):
    stage.claim_and_end(at=2)
    stage.admit()
    stage.stop()
    if not exists:
        stage.aws.dynamodb.delete_item(
            TableName="image-scaler", Key={"pk": {"S": f"IMAGE#{IMAGE}"}, "sk": {"S": "RECORD"}}
        )
    before = stage.clock.now

    ending = stage.admit()

    assert (ending, stage.clock.now) == (Ending.ENDED, before)
    assert stage.executions == [NAME]


@pytest.mark.parametrize("status", [None, Status.PROCESSING, Status.PUBLISHED, Status.REMOVED])
def test_an_invocation_whose_execution_claims_no_image_lasts_until_the_execution_ends(stage, status):
    """A duplicate or a late upload: the record belongs to another execution, or does not exist."""
    if status:
        stage.write(status, claimed_by="arn:aws:states:eu-central-1:123456789012:execution:ingest:other")
    stage.clock.at(3, stage.stop)

    ending = stage.admit()

    assert ending is Ending.ENDED
    assert 3 <= stage.clock.now <= 5


def test_an_execution_without_a_claim_is_described_at_growing_intervals(stage):
    stage.admit(seconds=100)

    assert 10 <= stage.calls.count("DescribeExecution") <= 12  # after 1, 3, 7 and 15 s, then every 10 s


def test_an_execution_that_lost_its_claim_is_waited_for(stage):
    stage.clock.at(0.5, lambda: stage.write(Status.PROCESSING))
    stage.clock.at(10, lambda: stage.write(Status.PUBLISHED, claimed_by="other"))
    stage.clock.at(25, stage.stop)

    assert stage.admit() is Ending.ENDED
    assert 25 <= stage.clock.now <= 36


@pytest.mark.parametrize(
    "event",
    [
        "[]",
        "{}",
        json.dumps({"detail": {"object": {"key": f"uploads/{IMAGE}/original"}}}),
        json.dumps(upload_event("..", bucket="originals", etag="e", version="", size=1, sequencer="0")),
    ],
    ids=["no object", "no detail", "no etag", "no id"],
)
def test_an_event_without_an_image_still_starts_an_execution_so_that_it_fails_visibly(stage, event):
    stage.clock.at(2, lambda: stage.stepfunctions.stop_execution(executionArn=EXECUTION.replace(NAME, MESSAGE)))

    assert stage.admit(event) is Ending.ENDED
    assert stage.executions == [MESSAGE]
    found = stage.stepfunctions.describe_execution(executionArn=EXECUTION.replace(NAME, MESSAGE))
    assert found["input"] == event


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure"])
def test_a_throttled_start_is_retried(stage, code):
    stage.refuse(stage.stepfunctions, "StartExecution", code, times=5)
    stage.claim_and_end(at=10)

    assert stage.admit() is Ending.ENDED
    assert stage.executions == [NAME]


def test_a_start_that_stays_throttled_raises_so_that_the_message_is_delivered_again(stage):
    stage.refuse(stage.stepfunctions, "StartExecution", "ThrottlingException", times=10_000)

    with pytest.raises(ThrottledError):
        stage.admit()

    assert stage.executions == []


@pytest.mark.parametrize("code", ["AccessDeniedException", "ExecutionLimitExceeded", "StateMachineDoesNotExist"])
def test_a_refused_start_raises_immediately(stage, code):
    stage.refuse(stage.stepfunctions, "StartExecution", code, times=1)

    with pytest.raises(ClientError, match=code):
        stage.admit()

    assert stage.clock.now == 0


def test_throttled_reads_do_not_end_the_wait(stage):
    stage.refuse(stage.aws.dynamodb, "GetItem", "ThrottlingException", times=4)
    stage.claim_and_end(at=20)

    assert stage.admit() is Ending.ENDED
    assert 20 <= stage.clock.now <= 21


@pytest.mark.parametrize("code", ["ThrottlingException", "ExecutionDoesNotExist"])
def test_an_execution_that_cannot_be_described_yet_counts_as_running(stage, code):
    stage.refuse(stage.stepfunctions, "DescribeExecution", code, times=1)
    stage.clock.at(0.5, stage.stop)

    assert stage.admit() is Ending.ENDED
    assert 3 <= stage.clock.now <= 5


@pytest.mark.parametrize("operation", ["GetItem", "DescribeExecution"])
def test_a_missing_permission_raises(stage, operation):
    refused = stage.aws.dynamodb if operation == "GetItem" else stage.stepfunctions
    stage.refuse(refused, operation, "AccessDeniedException", times=1)

    with pytest.raises(ClientError, match="AccessDenied"):
        stage.admit()

    assert stage.executions == [NAME]


@pytest.mark.parametrize("event", [{}, {"Records": []}, {"Records": [{}]}, {"Records": batch()["Records"] * 2}])
def test_anything_but_a_batch_of_one_message_is_a_contract_error(event):
    with pytest.raises(ContractError):
        Upload.from_event(event)


def test_an_invocation_stops_waiting_before_its_time_limit():
    assert time_budget(600_000).seconds == 570


def test_an_execution_name_is_within_step_functions_limit():
    assert len(Upload(MESSAGE, "", IMAGE).execution_name) <= 80
