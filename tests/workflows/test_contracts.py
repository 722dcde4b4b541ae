"""The definitions and the functions' contracts name the same fields."""

import json
import re
from dataclasses import fields

import pytest

from functions.records.entries import due_selector, status_selector
from functions.records.retention import DONE, IN_PROGRESS, PERSONAL, REQUESTED
from functions.shared.contracts import REMOVAL, Answers, Deletion, DeletionRequest, Picture, Verdict
from functions.shared.events import detail_type
from functions.shared.keys import SECOND_UPLOAD, SECOND_UPLOAD_SORT_KEY
from functions.shared.status import Status
from functions.shared.upload_events import ingest_input
from tests.fakes.openapi import description
from tests.fakes.states import REQUESTS, cases, recorded
from tests.workflows.cases import EVENTS
from tests.workflows.coverage import value_at
from workflows import lint

MACHINES = {
    path.name.removesuffix(".asl.json"): json.loads(path.read_text(encoding="utf-8"))["States"]
    for path in sorted(lint.DIRECTORY.glob("*.asl.json"))
}
STATES = MACHINES["ingest"]
SWEEPS = {
    f"{machine}.{name}": state["Parameters"]["Payload"]
    for machine, states in MACHINES.items()
    for name, state in states.items()
    if state.get("Parameters", {}).get("FunctionName") == "${RemoveFunctionArn}"
}
"""What the states that delete files send."""


def plain_value(item: dict) -> str:
    (value,) = item.values()
    return value


@pytest.mark.parametrize(
    ("state", "result"),
    [
        ("ModerateImage", recorded("ModerateImage", "allow")[1].keys()),
        ("ModerateImage", recorded("ModerateImage", "unfinished")[1].keys()),
        ("BlurImage", {field.name for field in fields(Picture)}),
    ],
    ids=["a verdict", "unfinished", "a blurred picture"],
)
def test_a_state_keeps_exactly_the_fields_of_its_functions_result(state, result):
    selected = STATES[state]["ResultSelector"]

    assert selected == {f"{name}.$": f"$.Payload.{name}" for name in result}


def test_the_first_call_of_moderate_has_no_answers_yet():
    begun = STATES["DescribeUpload"]["Parameters"]["verdict"]["answers"]

    assert Answers.from_state(begun) == Answers()
    assert begun.keys() <= {field.name for field in fields(Answers)}
    assert STATES["ModerateImage"]["Parameters"]["Payload"]["answers.$"] == "$.verdict.answers"


def test_the_described_upload_has_everything_that_settle_reads_of_an_input():
    event = json.loads((EVENTS / "s3" / "put.json").read_text(encoding="utf-8"))
    document = {"input": ingest_input(event)}

    read = set(re.findall(r"\$\.input\.[\w.]+", json.dumps(MACHINES["settle"])))

    assert "$.input.detail.object.key" in read
    assert [path for path in read if value_at(document, path) is None] == []


def test_only_a_verdict_is_persisted():
    sent = STATES["PersistImage"]["Parameters"]["Payload"]["verdict"]

    assert sent == {f"{field.name}.$": f"$.verdict.{field.name}" for field in fields(Verdict)}


@pytest.mark.parametrize("state", REQUESTS)
def test_a_state_sends_exactly_the_fields_of_its_functions_request(state):
    sent = STATES[state]["Parameters"]["Payload"]

    assert {name.removesuffix(".$") for name in sent} == {field.name for field in fields(REQUESTS[state])}


@pytest.mark.parametrize(("state", "case"), cases())
def test_a_recorded_input_is_a_request_that_the_function_reads(state, case):
    document, _ = recorded(state, case)

    request = REQUESTS[state].from_state(document)

    assert document.keys() == {field.name for field in fields(request)}


@pytest.mark.parametrize("state", SWEEPS)
def test_a_deleting_state_sends_the_fields_that_the_function_reads(state):
    sent = {name.removesuffix(".$"): value for name, value in SWEEPS[state].items()}

    assert sent.keys() <= {field.name for field in fields(DeletionRequest)}
    assert {Deletion(word) for word in sent["sweep"]}
    assert ("upload" in sent) == ("uploads" in sent["sweep"])


def test_every_place_that_a_removal_empties_is_emptied_in_each_of_its_passes_in_the_same_order():
    passes = [payload["sweep"] for state, payload in SWEEPS.items() if state.startswith("remove.")]

    assert passes == [list(REMOVAL)] * 3


def test_the_state_machine_drops_the_same_fields_as_a_delete_call():
    update = MACHINES["remove"]["MarkRemoved"]["Parameters"]
    dropped = update["UpdateExpression"].partition(" REMOVE ")[2].split(", ")

    names = update["ExpressionAttributeNames"]
    assert {names.get(name, name) for name in dropped} == PERSONAL


def test_the_words_of_a_removal_are_those_of_the_description():
    removal = description()["components"]["schemas"]["Removal"]["properties"]
    written = MACHINES["remove"]["MarkRemoved"]["Parameters"]["ExpressionAttributeValues"][":removal"]["M"]
    finished = MACHINES["remove"]["FinishRemoval"]["Parameters"]["ExpressionAttributeValues"][":done"]
    waited_for = [payload["then"] for state, payload in SWEEPS.items() if state.startswith("remove.")]

    assert removal["step"]["enum"] == [REQUESTED, *(place.upper() for place in REMOVAL), *waited_for]
    assert removal["status"]["enum"] == [plain_value(written["status"]), plain_value(finished)] == [IN_PROGRESS, DONE]
    assert plain_value(written["step"]) == REQUESTED


def test_the_line_that_counts_uploads_is_where_the_function_deletes_it():
    note = STATES["NoteSecondUpload"]["Parameters"]

    assert note["Key"]["sk"]["S"] == SECOND_UPLOAD_SORT_KEY
    assert note["ExpressionAttributeValues"][":type"]["S"] == SECOND_UPLOAD


@pytest.mark.parametrize("status", [Status.HELD, Status.FAILED])
def test_a_failure_that_is_not_announced_yet_names_its_event(status):
    endings = [state["Result"] for name, state in STATES.items() if name in {"HoldImage", "FailImage"}]

    assert {"status": status, "detail_type": detail_type(status)} in endings


@pytest.mark.parametrize(
    ("machine", "name", "status"),
    [("ingest", "RecordRejection", Status.REJECTED), ("settle", "RecordFailure", Status.FAILED)],
)
def test_an_ending_of_one_status_that_is_not_announced_yet_names_its_event(machine, name, status):
    update = MACHINES[machine][name]["Parameters"]["TransactItems"][0]["Update"]

    assert update["ExpressionAttributeValues"][":detail_type"] == {"S": detail_type(status)}


def having(document, name):
    """Yield every object of a definition that has a member of this name."""
    if isinstance(document, dict):
        if name in document:
            yield document
        for each in document.values():
            yield from having(each, name)
    elif isinstance(document, list):
        for each in document:
            yield from having(each, name)


WRITES_OF_A_STATUS = {
    f"{machine}.{name}": update
    for machine, states in MACHINES.items()
    for name, state in states.items()
    for update in having(state, "UpdateExpression")
    if re.search(r"SET .*(?<!\.)#status = ", update["UpdateExpression"])
}


@pytest.mark.parametrize("update", WRITES_OF_A_STATUS.values(), ids=WRITES_OF_A_STATUS)
def test_every_write_of_a_status_moves_the_record_to_the_list_of_that_status(update):
    (name,) = re.findall(r"#status = (:\w+)", update["UpdateExpression"])
    values = update["ExpressionAttributeValues"]

    assert "selector = :selector" in update["UpdateExpression"]
    if "S" in values[name]:
        assert values[":selector"] == {"S": status_selector(values[name]["S"])}
    else:
        assert values[":selector"] == {"S.$": f"States.Format('{status_selector('{}')}', {values[name]['S.$']})"}


NOTES_OF_AN_EVENT = {
    f"{machine}.{name}": transaction["TransactItems"]
    for machine, states in MACHINES.items()
    for name, state in states.items()
    for transaction in having(state, "TransactItems")
    if any("unannounced = " in update["UpdateExpression"] for update in having(transaction, "UpdateExpression"))
}


@pytest.mark.parametrize("items", NOTES_OF_AN_EVENT.values(), ids=NOTES_OF_AN_EVENT)
def test_every_history_item_of_an_event_that_is_to_be_sent_is_found_by_the_hour(items):
    (line,) = (each["Put"]["Item"] for each in items if "Put" in each)
    hour = "States.ArrayGetItem(States.StringSplit($$.State.EnteredTime, ':'), 0)"

    assert line["at"] == {"S.$": "$$.State.EnteredTime"}
    assert line["selector"] == {"S.$": f"States.Format('{due_selector('{}')}', {hour})"}
    assert line["position"] == {"S.$": "$.image_id"}


def test_the_states_that_note_an_event_are_found():
    assert NOTES_OF_AN_EVENT.keys() == {"ingest.RecordRejection", "ingest.RecordFailure", "settle.RecordFailure"}


@pytest.mark.parametrize(
    ("machine", "name", "execution"),
    [("ingest", "ForgetAnnouncement", "$$.Execution.Id"), ("settle", "ForgetFailure", "$.execution_arn")],
)
def test_only_the_event_of_an_ending_of_the_same_execution_is_forgotten(machine, name, execution):
    update = MACHINES[machine][name]["Parameters"]

    assert update["ConditionExpression"] == "claimed_by = :me AND #status IN (:held, :failed, :rejected)"
    assert update["ExpressionAttributeValues"] == {
        ":me": {"S.$": execution}, ":held": {"S": "HELD"}, ":failed": {"S": "FAILED"}, ":rejected": {"S": "REJECTED"},
    }  # fmt: skip


def test_the_states_that_write_a_status_are_found():
    assert WRITES_OF_A_STATUS.keys() >= {
        "ingest.ClaimUpload", "ingest.RecordRejection", "ingest.RecordFailure", "settle.RecordFailure",
        "remove.MarkRemoved",
    }  # fmt: skip
