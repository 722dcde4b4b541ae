"""The responses to the errors of policies' routes."""

from typing import Any, Final

from functions.shared.errors import (
    FloorNameError,
    PolicyChangedError,
    PolicyError,
    PolicyFloorsDifferError,
    PolicyMilderError,
    PolicyMissingError,
    PolicyNotPassedError,
    PolicyUncheckedError,
    RejudgementMissingError,
    RejudgementOutdatedError,
)
from functions.shared.problem import faults_of_body, problem
from functions.shared.rest_api import Problems


def _invalid(error: PolicyError) -> dict[str, Any]:
    """Respond to a document that is not a policy: 400 with its faults."""
    faults = faults_of_body(error.faults, whole="policy")
    return problem(400, "Bad Request", " ".join(error.faults[0]), **faults)


def _not_passed(error: PolicyNotPassedError) -> dict[str, Any]:
    """Respond to a policy whose examples fail: 422 that names the examples and the actual results."""
    detail = f"An example fails: {error.failures[0]}"
    return problem(422, "Unprocessable Content", detail, failures=list(error.failures))


def _milder(error: PolicyMilderError) -> dict[str, Any]:
    """Respond to a policy that is milder than the floor: 409 that names the places."""
    detail = f"The policy is milder than the floor: {error.places[0]}"
    return problem(409, "Conflict", detail, milder_than_floor=list(error.places))


def _floors_differ(error: PolicyFloorsDifferError) -> dict[str, Any]:
    """Respond to a comparison of policies that do not consider the same labels: 400 that names both confidences."""
    detail = (
        f"against: its minimum_confidence is {error.against:g}, and the candidate's is {error.candidate:g}; only "
        "policies that consider the same labels are compared"
    )
    return problem(400, "Bad Request", detail, field="against")


PROBLEMS: Final[Problems] = {
    FloorNameError: lambda _: problem(
        400, "Bad Request", "name: only the tenant default has a floor", parameter="tenant"
    ),
    PolicyChangedError: lambda _: problem(
        409, "Conflict", "The policy was activated or checked at the same time. Try again."
    ),
    PolicyError: _invalid,
    PolicyFloorsDifferError: _floors_differ,
    PolicyMilderError: _milder,
    PolicyMissingError: lambda _: problem(404, "Not Found", "This policy has no version with this digest."),
    PolicyNotPassedError: _not_passed,
    PolicyUncheckedError: lambda _: problem(409, "Conflict", "This version has not been checked; check it first."),
    RejudgementMissingError: lambda _: problem(404, "Not Found", "No rejudgement has this id, or it has expired."),
    RejudgementOutdatedError: lambda error: problem(409, "Conflict", f"manifest: {error}", field="manifest"),
}
