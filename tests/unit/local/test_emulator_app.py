"""The emulator's error names become those of AWS, and only those that differ."""

import json

import pytest

from local.emulator_app import THROTTLED, name_of_lambda_fault, name_of_nested_fault, renaming, stepfunctions


@pytest.mark.parametrize(
    ("error", "cause", "name"),
    [
        ("Lambda.Unknown", json.dumps({"__type": "TooManyRequestsException", "message": "Rate Exceeded"}), THROTTLED),
        ("Lambda.Unknown", json.dumps({"errorMessage": "killed"}), "Lambda.Unknown"),
        ("Lambda.Unknown", "killed", "Lambda.Unknown"),
        ("Lambda.Unknown", "[]", "Lambda.Unknown"),
        ("ContractError", json.dumps({"errorType": "ContractError"}), "ContractError"),
    ],
)
def test_a_throttled_function_has_the_name_of_aws(error, cause, name):
    assert name_of_lambda_fault(error, cause) == name


@pytest.mark.parametrize(
    ("error", "name"),
    [
        ("ExecutionAlreadyExists", "StepFunctions.ExecutionAlreadyExistsException"),
        ("ValidationException", "StepFunctions.ValidationException"),
        ("States.Runtime", "States.Runtime"),
    ],
)
def test_an_execution_that_is_not_started_has_the_name_of_aws(error, name):
    assert name_of_nested_fault(error, "") == name


def test_only_the_name_of_a_failure_changes():
    def fail(*_):
        raise stepfunctions._ExecutionError("ExecutionAlreadyExists", "its cause")

    with pytest.raises(stepfunctions._ExecutionError) as raised:
        renaming(fail, name_of_nested_fault)("resource", {})

    assert raised.value.error == "StepFunctions.ExecutionAlreadyExistsException"
    assert raised.value.cause == "its cause"
    assert renaming(lambda value: value, name_of_nested_fault)("answer") == "answer"
