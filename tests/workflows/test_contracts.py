"""The definitions and the functions' contracts name the same fields."""

import json
from dataclasses import fields

import pytest

from functions.shared.contracts import Picture, Verdict
from tests.fakes.states import REQUESTS, cases, recorded
from workflows import lint

STATES = json.loads((lint.DIRECTORY / "ingest.asl.json").read_text(encoding="utf-8"))["States"]


@pytest.mark.parametrize(("state", "contract"), [("ModerateImage", Verdict), ("BlurImage", Picture)])
def test_a_state_keeps_exactly_the_fields_of_its_functions_result(state, contract):
    selected = STATES[state]["ResultSelector"]

    assert selected == {f"{field.name}.$": f"$.Payload.{field.name}" for field in fields(contract)}


@pytest.mark.parametrize("state", REQUESTS)
def test_a_state_sends_exactly_the_fields_of_its_functions_request(state):
    sent = STATES[state]["Parameters"]["Payload"]

    assert {name.removesuffix(".$") for name in sent} == {field.name for field in fields(REQUESTS[state])}


@pytest.mark.parametrize(("state", "case"), cases())
def test_a_recorded_input_is_a_request_that_the_function_reads(state, case):
    document, _ = recorded(state, case)

    request = REQUESTS[state].from_state(document)

    assert document.keys() == {field.name for field in fields(request)}


@pytest.mark.parametrize(
    ("state", "case", "contract"),
    [
        *((state, case, Verdict) for state, case in cases() if state == "ModerateImage"),
        *((state, case, Picture) for state, case in cases() if state == "BlurImage"),
    ],
)
def test_a_recorded_result_is_what_its_contract_writes(state, case, contract):
    _, result = recorded(state, case)

    assert contract.from_state(result).to_state() == result
