"""A write is repeated if its response was lost. It must succeed, and be refused once another execution owns the image.

The very requests are taken from moto's histories, which hold what each attempt of a Task sent, and sent once more.
"""

import json
from pathlib import Path

import pytest

from tests.workflows.cases import MOTO
from tests.workflows.engines import TABLE

EVENTS = Path(__file__).parents[1] / "events"
KEY = {"pk": {"S": "IMAGE#01JDFZ8Q6W4T3R2Y1X0V9B8N7M"}, "sk": {"S": "RECORD"}}
"""The record of the image that the recorded events are about."""


@pytest.fixture(scope="module")
def engine(open_engine):
    with open_engine(MOTO) as deployment:
        deployment.create_table_and_bus()
        yield deployment


@pytest.fixture
def deployment(engine):
    """The engine, with an empty table."""
    for item in stored(engine):
        engine.client("dynamodb").delete_item(TableName=TABLE, Key={name: item[name] for name in ("pk", "sk")})
    return engine


def run(deployment, machine, case, event):
    return deployment.run(machine, json.loads((EVENTS / event).read_text(encoding="utf-8")), case=case)


def claim_for(deployment, execution_arn):
    """Write a record that an execution works on."""
    deployment.client("dynamodb").put_item(
        TableName=TABLE,
        Item={**KEY, "status": {"S": "PROCESSING"}, "claimed_by": {"S": execution_arn}, "tenant": {"S": "acme"}},
    )


def stored(deployment):
    return deployment.client("dynamodb").scan(TableName=TABLE, ConsistentRead=True)["Items"]


@pytest.fixture(
    params=[
        ("FunctionsReject", "RecordRejection"),
        ("FunctionsHold", "RecordFailure"),
        ("FunctionsFail", "RecordFailure"),
        ("", "RecordFailure"),
    ],
    ids=["rejected", "held", "failed", "settled"],
)
def written(request, deployment):
    """Run an execution that records an ending; return the request with which it did."""
    case, state = request.param
    if case:
        ended = run(deployment, "ingest", case, "s3/put.json")
    else:
        event = json.loads((EVENTS / "stepfunctions" / "timed-out.json").read_text(encoding="utf-8"))
        claim_for(deployment, event["detail"]["executionArn"])
        ended = run(deployment, "settle", "Settles", "stepfunctions/timed-out.json")
    (sent,) = ended.visit(state).sent
    return sent


def test_an_ending_written_again_succeeds_and_changes_nothing_but_that_its_event_is_sent_again(deployment, written):
    before = stored(deployment)

    deployment.client("dynamodb").transact_write_items(**written)

    after = stored(deployment)
    for item in after:
        item.pop("unannounced", None)
    assert after == before


def test_no_other_execution_writes_the_history_item_of_an_ending(deployment, written):
    (put,) = (item["Put"]["Item"] for item in written["TransactItems"] if "Put" in item)
    (record,) = (item for item in stored(deployment) if item["sk"] == KEY["sk"])

    _, at, kind, execution = put["sk"]["S"].split("#")

    assert (at, kind) == (record["updated_at"]["S"], record["status"]["S"])
    stepfunctions = deployment.client("stepfunctions")
    ran = [
        each["name"]
        for machine in ("ingest", "settle")
        for each in stepfunctions.list_executions(stateMachineArn=deployment.machines[machine])["executions"]
    ]
    assert ran.count(execution) == 1


@pytest.mark.parametrize(
    "since",
    [
        {"status": {"S": "REMOVED"}},
        {"status": {"S": "PROCESSING"}, "claimed_by": {"S": "arn:aws:states:us-east-1:1:execution:ingest:later"}},
        {"updated_at": {"S": "2027-01-01T00:00:00.000Z"}},
    ],
    ids=["removed", "claimed by another execution", "written since"],
)
def test_an_ending_written_again_too_late_is_refused(deployment, written, since):
    dynamodb = deployment.client("dynamodb")
    record = dynamodb.get_item(TableName=TABLE, Key=KEY)["Item"]
    dynamodb.put_item(TableName=TABLE, Item={**record, **since})
    before = stored(deployment)

    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(**written)

    assert stored(deployment) == before


def test_a_second_upload_noted_again_is_counted_once(deployment):
    ended = run(deployment, "ingest", "FunctionsDiscard", "s3/put.json")
    (sent,) = ended.visit("NoteSecondUpload").sent
    before = stored(deployment)

    with pytest.raises(deployment.client("dynamodb").exceptions.ConditionalCheckFailedException):
        deployment.client("dynamodb").update_item(**sent)

    assert [item["count"] for item in before] == [{"N": "1"}]
    assert stored(deployment) == before
