"""AWS's error codes and which of this project's errors they stand for. No dependencies: serve starts without an SDK."""

from typing import Final

from functions.shared.errors import (
    ImageScalerError,
    ObjectChangedError,
    ObjectMissingError,
    RecordConflictError,
    ThrottledError,
    TransientDependencyError,
)

THROTTLING_CODES: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Codes of a call that came too soon after others, over all services that are used here."""

TRANSIENT_CODES: Final = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "OperationAborted",
        "PriorRequestNotComplete",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""Other codes that AWS documents as worth a retry."""

_ERROR_OF_CODE: Final[dict[str, type[ImageScalerError]]] = {
    "NoSuchKey": ObjectMissingError,
    "NoSuchVersion": ObjectMissingError,
    "404": ObjectMissingError,
    "PreconditionFailed": ObjectChangedError,
    "412": ObjectChangedError,
    "ConditionalCheckFailedException": RecordConflictError,
}
"""Codes with a meaning of their own here."""


def error_of_code(code: str, status: int) -> type[ImageScalerError] | None:
    """Return the class of this project's errors for a code and an HTTP status, or None for a fault of ours."""
    if code in _ERROR_OF_CODE:
        return _ERROR_OF_CODE[code]
    if code in THROTTLING_CODES or status == 429:
        return ThrottledError
    if code in TRANSIENT_CODES or status >= 500:
        return TransientDependencyError
    return None
