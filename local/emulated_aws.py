"""The emulator's application, with error names of Step Functions corrected to those of AWS.

Two faults have other names in the emulator than on AWS, so that no retrier or catcher of the state machines would match
them there:

- a throttled function: ``Lambda.Unknown`` in place of ``Lambda.TooManyRequestsException``;
- StartExecution with a name in use: ``ExecutionAlreadyExists`` in place of
  ``StepFunctions.ExecutionAlreadyExistsException``.

``hypercorn local.emulated_aws:app`` serves it.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.app import app  # type: ignore[import-untyped]
from ministack.services import stepfunctions  # type: ignore[import-untyped]

THROTTLED = "Lambda.TooManyRequestsException"


def name_of_lambda_fault(error: str, cause: str) -> str:
    """Return AWS's name for what the emulator calls ``error`` when a Task invokes a function."""
    try:
        body = json.loads(cause)
    except json.JSONDecodeError:
        return error
    throttled = isinstance(body, dict) and body.get("__type") == "TooManyRequestsException"
    return THROTTLED if throttled else error


def name_of_nested_fault(error: str, _cause: str) -> str:
    """Return AWS's name for what the emulator calls ``error`` when a Task starts an execution."""
    return error if "." in error else f"StepFunctions.{error.removesuffix('Exception')}Exception"


def renaming(call: Callable[..., Any], rename: Callable[[str, str], str]) -> Callable[..., Any]:
    """Return ``call`` with the error names of its failures replaced."""

    def renamed(*arguments: Any) -> Any:
        try:
            return call(*arguments)
        except stepfunctions._ExecutionError as fault:
            raise stepfunctions._ExecutionError(rename(fault.error, fault.cause), fault.cause) from fault

    return renamed


stepfunctions._call_lambda = renaming(stepfunctions._call_lambda, name_of_lambda_fault)
stepfunctions._invoke_nested_start_execution = renaming(
    stepfunctions._invoke_nested_start_execution, name_of_nested_fault
)

__all__ = ["app"]
