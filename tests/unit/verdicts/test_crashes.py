"""A change of a verdict that fails at any call to AWS leaves nothing to be seen that no verdict covers, and a repeated
call completes it."""

import pytest

from functions.shared.errors import TransientDependencyError
from tests.fakes.aws import GENERATED
from tests.fakes.faults import failing_call
from tests.unit.verdicts.conftest import fallback, lines_of, override, put_judged, record_of, rejudged

TAKEN_DOWN = [
    "dynamodb.GetItem", "stepfunctions.StartExecution", "dynamodb.TransactWriteItems",
    "s3.ListObjectsV2", "s3.DeleteObjects", "events.PutEvents", "dynamodb.UpdateItem",
]  # fmt: skip
QUEUED = ["dynamodb.GetItem", "sqs.SendMessage", "dynamodb.TransactWriteItems"]
CASES = {
    "block": ("allow", override("block"), TAKEN_DOWN),
    "block while it is processed": ("allow", override("block"), TAKEN_DOWN),
    "review": ("blur", rejudged("review"), TAKEN_DOWN),
    "allow": ("block", override("allow"), QUEUED),
    "blur": ("allow", rejudged("blur"), QUEUED),
    "fallback": ("review", fallback("blur"), QUEUED),
    "hold": ("review", fallback("hold"), ["dynamodb.GetItem", "dynamodb.TransactWriteItems"]),
}
RECORDS = {"block while it is processed": {"status": "PROCESSING", "last_revision": 2}}
STEPS = [(name, number) for name, (_, _, calls) in CASES.items() for number in range(len(calls))]


@pytest.fixture
def watched(clients, stepfunctions):
    return [*(clients[name] for name in ("s3", "dynamodb", "events", "sqs")), stepfunctions]


@pytest.mark.parametrize("name", CASES)
def test_a_change_makes_these_calls(aws, changes, watched, name):
    before, change, calls = CASES[name]
    put_judged(aws, before, **RECORDS.get(name, {}))

    with failing_call(watched, None) as made:
        changes.apply(change)

    assert made.names == calls


@pytest.mark.parametrize("lost_answer", [False, True], ids=["refused", "answer lost"])
@pytest.mark.parametrize(("name", "number"), STEPS)
def test_a_repeated_call_ends_as_if_nothing_had_failed(
    aws, changes, watched, retirements, uploads, *, name, number, lost_answer
):
    before, change, calls = CASES[name]
    put_judged(aws, before, **RECORDS.get(name, {}))

    with failing_call(watched, number, lost_answer=lost_answer) as made, pytest.raises(TransientDependencyError):
        changes.apply(change)
    assert made.names == calls[: number + 1]
    is_down = not aws.keys(GENERATED)
    will_be_down = bool(retirements.started())
    changed = record_of(aws)["status"] == change.decision.status
    assert not changed or is_down or will_be_down
    changes.apply(change)

    record = record_of(aws)
    assert "unannounced" not in record
    assert len(lines_of(aws)) == 1
    if calls == TAKEN_DOWN:
        assert record["status"] == change.decision.status
        assert aws.keys(GENERATED) == []
        assert {event["detail"]["revision"] for event in aws.announced()} == {record["revision"]}
    elif calls == QUEUED:
        assert record["pending"]["decision"] == change.decision


@pytest.mark.parametrize("lost_answer", [False, True])
@pytest.mark.parametrize("number", range(len(QUEUED)))
def test_a_pending_decision_always_has_an_event(aws, changes, watched, clients, *, number, lost_answer):
    put_judged(aws, "block")
    sent = []
    clients["sqs"].meta.events.register("after-call.sqs.SendMessage", lambda **_: sent.append(1), "count")

    with failing_call(watched, number, lost_answer=lost_answer), pytest.raises(TransientDependencyError):
        changes.apply(override("allow"))
    clients["sqs"].meta.events.unregister("after-call.sqs.SendMessage", unique_id="count")

    assert "pending" not in record_of(aws) or sent
