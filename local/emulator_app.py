"""The emulator's application, with two error names of Step Functions corrected to AWS's.

The emulator names two errors differently from AWS, so the state machines' retriers and catchers would not match them:

- a throttled function: ``Lambda.Unknown`` instead of ``Lambda.TooManyRequestsException``;
- StartExecution with a name that is in use: ``ExecutionAlreadyExists`` instead of
  ``StepFunctions.ExecutionAlreadyExistsException``.

Run it with ``hypercorn local.emulator_app:app``.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.app import app as ministack_app  # type: ignore[import-untyped]
from ministack.services import stepfunctions  # type: ignore[import-untyped]

from local.request_counter import RequestCounter

THROTTLED = "Lambda.TooManyRequestsException"


def name_of_lambda_fault(error: str, cause: str) -> str:
    """Return AWS's name for an error of a Task that invokes a function."""
    try:
        body = json.loads(cause)
    except json.JSONDecodeError:
        return error
    throttled = isinstance(body, dict) and body.get("__type") == "TooManyRequestsException"
    return THROTTLED if throttled else error


def name_of_nested_fault(error: str, _cause: str) -> str:
    """Return AWS's name for an error of a Task that starts an execution."""
    return error if "." in error else f"StepFunctions.{error.removesuffix('Exception')}Exception"


def renaming(call: Callable[..., Any], rename: Callable[[str, str], str]) -> Callable[..., Any]:
    """Wrap ``call`` so that ``rename`` changes the names of the errors it raises."""

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

app = RequestCounter(ministack_app)

__all__ = ["app"]
