"""Maps AWS's error codes to this project's errors. No SDK is imported: serve starts without one."""

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
        "ConditionalRequestConflict",
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
"""Other codes that AWS documents as retryable."""

_ERROR_OF_CODE: Final[dict[str, type[ImageScalerError]]] = {
    "NoSuchKey": ObjectMissingError,
    "NoSuchVersion": ObjectMissingError,
    "404": ObjectMissingError,
    "PreconditionFailed": ObjectChangedError,
    "412": ObjectChangedError,
    "ConditionalCheckFailedException": RecordConflictError,
}
"""Codes with an error class of their own."""


def error_of_code(code: str, status: int) -> type[ImageScalerError] | None:
    """Return the error class for a code and an HTTP status; None if the request itself is at fault."""
    if code in _ERROR_OF_CODE:
        return _ERROR_OF_CODE[code]
    if code in THROTTLING_CODES or status == 429:
        return ThrottledError
    if code in TRANSIENT_CODES or status >= 500:
        return TransientDependencyError
    return None
