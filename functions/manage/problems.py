"""The responses to the errors of manage's routes."""

from typing import Any, Final

from functions.shared.errors import (
    LegalHoldChangedError,
    LegalHoldError,
    NotJudgedError,
    NotServedError,
    NotUploadedError,
    RecordMissingError,
    RemovalNotStartedError,
    RevisionsUsedUpError,
)
from functions.shared.observability import logger
from functions.shared.problem import problem
from functions.shared.rest_api import RETRY_AFTER_SECONDS, Problems
from functions.shared.status import Status
from functions.verdicts.changes import BLOCKABLE


def _conflict(detail: str, **extra: Any) -> dict[str, Any]:
    return problem(409, "Conflict", detail, **extra)


def _refused(status: Status, detail: str) -> dict[str, Any]:
    """Respond to a change that the image's status does not allow: 410 if it was removed, otherwise 409."""
    if status is Status.REMOVED:
        return problem(410, "Gone", "This image was removed.")
    return _conflict(detail, image_status=status)


def _removal_not_started(error: RemovalNotStartedError) -> dict[str, Any]:
    """Respond to a DELETE that marked the image as removed and could not start the deletion; log the cause."""
    logger.exception("the removal could not be started", exc_info=error)
    detail = "The image is no longer served, but the deletion of its files could not be started. Repeat the request."
    return problem(503, "Service Unavailable", detail, headers={"Retry-After": RETRY_AFTER_SECONDS})


def _not_judged(error: NotJudgedError) -> dict[str, Any]:
    """Respond to an override that the image's status does not accept."""
    status = Status(error.status)
    only = "can only be blocked" if status in BLOCKABLE else "has no picture to decide on"
    return _refused(status, f"An image that is {status} {only}.")


PROBLEMS: Final[Problems] = {
    RecordMissingError: lambda _: problem(404, "Not Found", "No image has this id."),
    RevisionsUsedUpError: lambda _: _conflict("This image was changed too often; it cannot be changed again."),
    LegalHoldError: lambda _: _conflict("This image is under a legal hold; it was not removed."),
    LegalHoldChangedError: lambda _: _conflict("Another call has set the legal hold; it stays set."),
    NotUploadedError: lambda _: _conflict("This image has no upload yet, so there is nothing to keep."),
    NotServedError: lambda error: _refused(error.status, "This image is not published."),
    NotJudgedError: _not_judged,
    RemovalNotStartedError: _removal_not_started,
}
