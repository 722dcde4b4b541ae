"""DELETE marks the record and starts the removal, once; it may be repeated."""

import pytest

from functions.shared.aws import client
from tests.fakes.aws import PUBLISHED
from tests.fakes.faults import failing_call, hooked
from tests.fakes.openapi import assert_described
from tests.unit.manage.conftest import put_image, put_labels_and_history, record_of


def begin(aws, identity, arn):
    """Write into the record what the execution writes first."""
    removal = {"status": "IN_PROGRESS", "started_at": "2026-11-24T10:00:00.000Z", "step": "ANSWERS"}
    aws.put_item({**record_of(aws, identity), "removal": {**removal, "execution_arn": arn}})


def test_a_delete_marks_the_record_and_starts_the_removal(call, aws, removals):
    identity = put_image(aws)

    answer = call("DELETE", f"/v1/images/{identity}")

    assert (answer.status, answer.document) == (202, {"id": identity, "status": "REMOVED"})
    assert_described(answer.document, "Accepted")
    assert list(removals.started().values()) == [{"image_id": identity}]
    removal = record_of(aws, identity)["removal"]
    assert removal == {
        "status": "IN_PROGRESS", "step": "REQUESTED", "started_at": record_of(aws, identity)["removed_at"],
    }  # fmt: skip


def test_the_record_keeps_id_status_times_and_reason_only(call, aws, removals):
    identity = put_image(aws, status="REJECTED", reason="CORRUPT", detail="a sentence", owner="me", expires_at=1)
    put_labels_and_history(aws, identity)

    call("DELETE", f"/v1/images/{identity}")

    items = aws.items(f"IMAGE#{identity}")
    record = items.pop("RECORD")
    assert (record["status"], record["reason"]) == ("REMOVED", "CORRUPT")
    assert record["removed_at"] == record["updated_at"]
    assert not record.keys() & {"filename", "owner", "picture", "facts", "verdict", "detail", "expires_at"}
    assert "LABELS" not in items
    lines = [item for key, item in items.items() if key.startswith("EVENT#")]
    assert [line["type"] for line in lines] == ["REJECTED", "REMOVED"]
    assert lines[1]["actor"] == "service"


def test_the_record_says_removed_before_anything_is_started(call, aws, removals):
    identity = put_image(aws)
    seen = []

    def look(**_kwargs):
        seen.append(record_of(aws, identity)["status"])

    with hooked(client("stepfunctions"), "before-call.stepfunctions.StartExecution", look):
        call("DELETE", f"/v1/images/{identity}")

    assert seen == ["REMOVED"]


def test_no_file_is_deleted_by_the_function_that_answers(call, aws, removals):
    identity = put_image(aws)
    aws.put_objects(PUBLISHED, [f"{identity}/1/x"])

    call("DELETE", f"/v1/images/{identity}")

    assert aws.keys(PUBLISHED) == [f"{identity}/1/x"]
    assert aws.announced() == []


def test_a_legal_hold_is_a_409_and_changes_nothing(call, aws, removals):
    identity = put_image(aws, legal_hold=True)
    before = aws.items(f"IMAGE#{identity}")

    answer = call("DELETE", f"/v1/images/{identity}")

    assert answer.status == 409
    answer.problem()
    assert aws.items(f"IMAGE#{identity}") == before
    assert removals.started() == {}


def test_another_image_is_untouched(call, aws, removals):
    identity, other = put_image(aws, 1), put_image(aws, 2)

    call("DELETE", f"/v1/images/{identity}")

    assert record_of(aws, other)["status"] == "PUBLISHED"


# --- repeated


def test_of_two_simultaneous_deletes_one_is_recorded_and_one_removal_starts(call, aws, removals):
    identity = put_image(aws)
    answers = []

    def delete_too(**_kwargs):
        if not answers:
            answers.append(None)
            answers.append(call("DELETE", f"/v1/images/{identity}").status)
            answers.append(aws.items(f"IMAGE#{identity}"))

    with hooked(client("dynamodb"), "before-call.dynamodb.TransactWriteItems", delete_too):
        assert call("DELETE", f"/v1/images/{identity}").status == 202

    assert answers == [None, 202, aws.items(f"IMAGE#{identity}")]
    assert len(removals.started()) == 1


@pytest.mark.parametrize("begun", [False, True], ids=["just started", "under way"])
def test_a_repeated_delete_starts_no_second_removal_while_one_runs(call, aws, removals, begun):
    identity = put_image(aws)
    call("DELETE", f"/v1/images/{identity}")
    (arn,) = removals.started()
    if begun:
        begin(aws, identity, arn)
    before = record_of(aws, identity)

    answer = call("DELETE", f"/v1/images/{identity}")

    assert answer.status == 202
    assert list(removals.started()) == [arn]
    assert record_of(aws, identity) == before


@pytest.mark.parametrize("begun", [False, True], ids=["before its first write", "after it"])
def test_a_repeated_delete_starts_again_what_ended(call, aws, removals, begun):
    identity = put_image(aws)
    call("DELETE", f"/v1/images/{identity}")
    (first,) = removals.started()
    if begun:
        begin(aws, identity, first)
    removals.end(first)

    answers = [call("DELETE", f"/v1/images/{identity}").status for _ in range(2)]

    assert answers == [202, 202]
    assert len(removals.started()) == 2


def test_a_repeated_delete_starts_again_when_step_functions_forgot_the_execution(call, aws, removals):
    identity = put_image(aws, status="REMOVED", removed_at="2026-01-01T00:00:00.000Z")
    begin(aws, identity, f"{removals.arn.replace('stateMachine', 'execution')}:forgotten")

    assert call("DELETE", f"/v1/images/{identity}").status == 202

    assert len(removals.started()) == 1


def test_an_image_that_an_earlier_release_removed_can_be_removed_again(call, aws, removals):
    identity = put_image(aws, status="REMOVED", removed_at="2026-01-01T00:00:00.000Z")

    assert call("DELETE", f"/v1/images/{identity}").status == 202

    assert list(removals.started().values()) == [{"image_id": identity}]


def test_a_removal_that_ends_again_and_again_is_started_again_and_again(call, aws, removals):
    identity = put_image(aws)

    for number in range(1, 5):
        call("DELETE", f"/v1/images/{identity}")
        assert len(removals.started()) == number
        begin(aws, identity, list(removals.started())[-1])
        removals.end(list(removals.started())[-1])


# --- not started


@pytest.mark.parametrize("code", ["ExecutionLimitExceeded", "StateMachineDoesNotExist", "AccessDeniedException"])
def test_a_removal_that_cannot_be_started_is_a_503_that_says_so(call, aws, removals, code):
    identity = put_image(aws)
    removals.refuse("StartExecution", code)

    answer = call("DELETE", f"/v1/images/{identity}")

    assert answer.status == 503
    assert answer.header("Retry-After")
    assert answer.problem()["detail"].startswith("The image is no longer served")
    assert record_of(aws, identity)["status"] == "REMOVED"


def test_a_state_that_cannot_be_read_is_a_503_too(call, aws, removals):
    identity = put_image(aws)
    call("DELETE", f"/v1/images/{identity}")
    begin(aws, identity, next(iter(removals.started())))
    removals.refuse("DescribeExecution", "AccessDeniedException")

    assert call("DELETE", f"/v1/images/{identity}").status == 503


@pytest.mark.parametrize("lost_answer", [False, True], ids=["refused", "answer lost"])
@pytest.mark.parametrize("number", range(3))
def test_a_delete_that_breaks_at_any_call_is_a_503_and_a_repeat_ends_it(call, aws, removals, number, lost_answer):
    identity = put_image(aws)
    clients = [client(name) for name in ("dynamodb", "stepfunctions")]
    with failing_call(clients, number, lost_answer=lost_answer) as calls:
        broken = call("DELETE", f"/v1/images/{identity}")

    answer = call("DELETE", f"/v1/images/{identity}")

    assert (
        calls.names[:3]
        == ["dynamodb.GetItem", "dynamodb.TransactWriteItems", "stepfunctions.StartExecution"][: number + 1]
    )
    assert (broken.status, answer.status) == (503, 202)
    assert record_of(aws, identity)["status"] == "REMOVED"
    assert len(removals.started()) == 1


# --- progress


@pytest.mark.parametrize(
    ("removal", "shown"),
    [
        ({"status": "IN_PROGRESS", "step": "GENERATED"}, {"status": "IN_PROGRESS", "step": "GENERATED"}),
        (
            {
                "status": "IN_PROGRESS",
                "step": "ANSWERS",
                "execution_arn": "arn",
                "trouble": {"error": "S3.SlowDown", "at": "2026-11-24T10:01:00.000Z", "cause": "secret trace"},
            },
            {
                "status": "IN_PROGRESS",
                "step": "ANSWERS",
                "trouble": {"error": "S3.SlowDown", "at": "2026-11-24T10:01:00.000Z"},
            },
        ),
        (
            {"status": "DONE", "finished_at": "2026-11-24T10:11:00.000Z"},
            {"status": "DONE", "finished_at": "2026-11-24T10:11:00.000Z"},
        ),
    ],
    ids=["in progress", "in trouble", "done"],
)
def test_the_record_shows_how_far_a_removal_is(call, aws, removal, shown):
    started = {"started_at": "2026-11-24T10:00:00.000Z"}
    identity = put_image(aws, status="REMOVED", removal=removal | started)

    document = call("GET", f"/v1/images/{identity}").document

    assert document["removal"] == shown | started
    assert_described(document, "Image")


def test_an_image_whose_record_this_release_cannot_read_is_removed(call, aws, removals):
    identity = put_image(aws, status="OF_ANOTHER_RELEASE", picture="none")

    assert call("DELETE", f"/v1/images/{identity}").status == 202

    assert record_of(aws, identity)["status"] == "REMOVED"
