"""Every case on every engine that supports it: states, end, output and retries are as expected."""

import json
from dataclasses import fields
from functools import partial

import pytest

from functions.manage.removal import execution_name
from functions.shared.contracts import (
    REMOVAL,
    BlurRequest,
    Deletion,
    DeletionRequest,
    ModerateRequest,
    OptimizeRequest,
    PersistRequest,
    Upload,
)
from functions.shared.upload_events import ingest_input
from tests.fakes.published_events import faults_of
from tests.workflows.cases import CASES, EMULATOR, ENGINES, MOTO, STEP_FUNCTIONS_LOCAL
from tests.workflows.coverage import value_at
from tests.workflows.engines import why_no_docker
from tests.workflows.mock_file import MOCK_FILE, text
from tests.workflows.responses import SETTLED

HERE = tuple(engine for engine in ENGINES if engine != STEP_FUNCTIONS_LOCAL or why_no_docker() is None)
"""The available engines. No test is skipped; the end of the run reports cases that could not run."""

RUNNABLE = [
    pytest.param(engine, case, id=f"{engine}-{case.name}")
    for engine in HERE
    for case in CASES
    if engine not in case.not_on
]


@pytest.fixture(scope="module")
def run_of_case(ledger, open_engine):
    """Return what returns the run of a case on an engine."""
    return lambda engine, case: ledger.runs(engine, partial(open_engine, engine))[case.name].result()


@pytest.mark.parametrize(("engine", "case"), RUNNABLE)
def test_an_execution_matches_its_case(run_of_case, engine, case):
    run = run_of_case(engine, case)

    assert run.path == case.path
    assert run.status == ("FAILED" if case.error else "SUCCEEDED")
    assert run.error == case.error
    assert run.retries == case.retries
    assert {path: value_at(run.output, path) for path in case.output} == case.output


def test_cases_cover_every_state_arm_retry_and_catch(ledger, open_engine):
    for engine in (EMULATOR, MOTO):
        ledger.runs(engine, partial(open_engine, engine))

    missed = ledger.parts - ledger.taken(EMULATOR) - ledger.taken(MOTO)

    assert sorted(missed) == []


def test_every_event_that_a_state_machine_sends_matches_its_schema(run_of_case):
    """moto's histories contain what a Task was sent."""
    runs = [run_of_case(MOTO, case) for case in CASES if MOTO not in case.not_on]
    entries = [
        entry for run in runs for visit in run.visits for sent in visit.sent for entry in sent.get("Entries", ())
    ]

    faults = {fault for entry in entries for fault in faults_of(entry["DetailType"], _document(entry["Detail"]))}

    assert faults == set()
    assert {entry["DetailType"] for entry in entries} == {
        "Image Published", "Image Blurred", "Image In Review", "Image Blocked", "Image Rejected", "Image Held",
        "Image Failed", "Image Removed", "Image Purge Requested",
    }  # fmt: skip


def _document(detail):
    return json.loads(detail) if isinstance(detail, str) else detail


@pytest.mark.parametrize("engine", [EMULATOR, MOTO])
def test_a_case_that_an_engine_cannot_run_is_run_by_the_other_one(engine):
    (other,) = {EMULATOR, MOTO} - {engine}

    assert [case.name for case in CASES if engine in case.not_on and other in case.not_on] == []


@pytest.mark.parametrize(
    ("engine", "case"),
    [pytest.param(engine, case, id=f"{engine}-{case.name}") for engine in HERE for case in CASES if case.by_event],
)
def test_an_event_is_described_by_the_state_machine_as_by_admit(run_of_case, engine, case):
    described = ingest_input(case.input)
    del described["detail"]  # what settle, operators and earlier releases read

    assert run_of_case(engine, case).visit("ClaimUpload").input == described


@pytest.mark.parametrize(
    ("state", "contract"),
    [
        ("OptimizeImage", OptimizeRequest),
        ("ModerateImage", ModerateRequest),
        ("BlurImage", BlurRequest),
        ("PersistImage", PersistRequest),
    ],
)
def test_a_state_sends_its_functions_contract(run_of_case, state, contract):
    (blurred,) = (case for case in CASES if case.name == "FlaggedPictureIsBlurred")

    (sent,) = run_of_case(MOTO, blurred).visit(state).sent

    request = contract.from_state(sent["Payload"])
    assert request.image_id == "01JDFZ8Q6W4T3R2Y1X0V9B8N7M"
    assert set(sent["Payload"]) == {field.name for field in fields(contract)}


@pytest.mark.parametrize(
    ("case", "state", "expected"),
    [
        (
            "UploadIsDiscardedAfterARemoval",
            "DiscardUploads",
            {
                "sweep": (Deletion.UPLOADS,),
                "upload": Upload("9b2cf535f27731c974343645a3985328", "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"),
            },
        ),
        (
            "UploadIsDiscardedWithoutAVersion",
            "DiscardUploads",
            {"sweep": (Deletion.UPLOADS,), "upload": Upload("9b2cf535f27731c974343645a3985328", "")},
        ),
        ("UnknownVerdictFails", "DiscardFiles", {"sweep": (Deletion.REVISIONS,), "revision": 1}),
        ("UnusableUploadIsRejected", "DiscardFiles", {"sweep": (Deletion.REVISIONS,), "revision": 1}),
        (
            "TimedOutExecutionIsSettled",
            "DiscardFiles",
            {
                "sweep": (Deletion.REVISIONS, Deletion.UPLOADS),
                "execution_arn": SETTLED,
                "upload": Upload("9b2cf535f27731c974343645a3985328", "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"),
            },
        ),
        ("ImageIsRemovedInThreePasses", "SweepAfterAnswers", {"sweep": REMOVAL, "then": "VARIANTS"}),
        ("ReplacedRevisionIsRetiredInTwoPasses", "SweepSuperseded", {"sweep": (Deletion.SUPERSEDED,)}),
    ],
)
def test_a_deleting_state_sends_a_request_that_the_function_reads(run_of_case, case, state, expected):
    (found,) = (each for each in CASES if each.name == case)

    (sent,) = run_of_case(MOTO, found).visit(state).sent

    assert DeletionRequest.from_state(sent["Payload"]) == DeletionRequest("01JDFZ8Q6W4T3R2Y1X0V9B8N7M", **expected)


def test_a_removal_is_started_again_under_the_name_that_a_delete_would_give_it(run_of_case):
    (case,) = (each for each in CASES if each.name == "RemoveIsStartedAgain")

    (sent,) = run_of_case(MOTO, case).visit("StartAgain").sent

    ended = case.input["detail"]["executionArn"]
    assert sent["Name"] == execution_name("01JDFZ8Q6W4T3R2Y1X0V9B8N7M", ended)
    assert sent["Input"] == {"image_id": "01JDFZ8Q6W4T3R2Y1X0V9B8N7M"}
    assert sent["StateMachineArn"] == case.input["detail"]["stateMachineArn"]


def test_the_blurred_picture_replaces_the_flagged_one(run_of_case):
    (blurred,) = (case for case in CASES if case.name == "FlaggedPictureIsBlurred")

    (sent,) = run_of_case(MOTO, blurred).visit("PersistImage").sent

    keys = [rendition["key"] for rendition in sent["Payload"]["picture"]["renditions"]]
    assert keys
    assert all("/blurred/" in key for key in keys)


def test_names_of_cases_are_unique():
    names = [(case.machine, case.name) for case in CASES]

    assert len(set(names)) == len(names)


def test_the_mock_file_matches_the_cases():
    assert MOCK_FILE.read_text(encoding="utf-8") == text(), "run python -m tests.workflows.mock_file"


def test_the_mock_file_numbers_attempts_from_0_without_gaps():
    answers = json.loads(MOCK_FILE.read_text(encoding="utf-8"))["MockedResponses"]

    for name, by_attempt in answers.items():
        bounds = [[int(bound) for bound in attempts.split("-")] for attempts in by_attempt]
        starts, ends = [each[0] for each in bounds], [each[-1] for each in bounds]
        assert starts == [0, *(end + 1 for end in ends[:-1])], name
