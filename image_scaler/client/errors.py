"""The errors of calls, as one tree.

ClientError                     base of all errors of this package
├── UnreachableError            no response: DNS, connection, TLS, timeout
├── UnexpectedAnswerError       a response that is not the API's
├── WaitTimeoutError            the image is not ready in time
└── ResponseError               a response with an error status; has the problem document
    ├── InvalidRequestError     400, 413, 415, 422: change the request
    ├── AccessDeniedError       401, 403: the key is not trusted, or the signature is too old
    ├── NotFoundError           404
    ├── ConflictError           409: a legal hold, a status, a policy or a running call forbids it
    ├── RateLimitedError        429
    ├── ServiceError            any other status, 500 and above
    └── UploadRefusedError      S3 refused the bytes
"""

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

_XML_CODE: Final = re.compile(r"<Code>([^<]{1,100})</Code>")
_XML_MESSAGE: Final = re.compile(r"<Message>([^<]{1,1000})</Message>")


@dataclass(frozen=True)
class Problem:
    """A problem document (RFC 9457), or the XML error of CloudFront or S3.

    ``code`` is the XML's code, such as MissingKey. ``parameter`` or ``field`` names the part of the request at fault.
    ``document`` holds all members as they were sent.
    """

    status: int
    title: str
    detail: str | None = None
    code: str | None = None
    parameter: str | None = None
    field: str | None = None
    document: Mapping[str, Any] = dataclasses.field(default_factory=dict, compare=False)

    @classmethod
    def read(cls, status: int, body: bytes) -> Self:
        """Read the body of an error. A body that is neither JSON nor XML gives a problem with only the status."""
        text = body.decode("utf-8", errors="replace")
        try:
            document = json.loads(text)
        except ValueError:
            document = None
        if isinstance(document, dict):
            return cls(
                status=status,
                title=str(document.get("title") or f"HTTP {status}"),
                detail=_text(document.get("detail")),
                parameter=_text(document.get("parameter")),
                field=_text(document.get("field")),
                document=document,
            )
        code, message = _XML_CODE.search(text), _XML_MESSAGE.search(text)
        return cls(
            status=status,
            title=code[1] if code else f"HTTP {status}",
            detail=message[1] if message else None,
            code=code[1] if code else None,
        )

    def __str__(self) -> str:
        """Return one line for a person."""
        return f"{self.status} {self.title}" + (f": {self.detail}" if self.detail else "")


class ClientError(Exception):
    """Base of all errors of the client; the message describes the error."""


class UnreachableError(ClientError):
    """There was no response after all retries."""


class UnexpectedAnswerError(ClientError):
    """The response does not match the API's description; check the edge's address."""


class WaitTimeoutError(ClientError):
    """The image is not ready in time. It has ``image_id`` and the last ``status``."""

    def __init__(self, image_id: str, status: str, within_seconds: float) -> None:
        self.image_id = image_id
        self.status = status
        super().__init__(f"{image_id} is still {status} after {within_seconds:g} s")


class ResponseError(ClientError):
    """A response with an error status. ``retry_after_seconds`` is the response's Retry-After, or None."""

    def __init__(self, problem: Problem, *, retry_after_seconds: float | None = None) -> None:
        self.problem = problem
        self.retry_after_seconds = retry_after_seconds
        super().__init__(str(problem))

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.problem.status


class InvalidRequestError(ResponseError):
    """The request is wrong; ``problem.parameter`` or ``problem.field`` names the part."""


class AccessDeniedError(ResponseError):
    """The edge refuses the request: it does not trust the key, the clock is wrong, or a firewall rule applies."""


class NotFoundError(ResponseError):
    """No image has this id."""


class ConflictError(ResponseError):
    """The image is under a legal hold, or the first call with the idempotency key is still running."""


class RateLimitedError(ResponseError):
    """Too many requests."""


class ServiceError(ResponseError):
    """The service failed. A later attempt may succeed."""


class UploadRefusedError(ResponseError):
    """S3 refused the bytes; ``problem.code`` is S3's code, such as EntityTooLarge."""


_BY_STATUS: Final[Mapping[int, type[ResponseError]]] = {
    400: InvalidRequestError,
    401: AccessDeniedError,
    403: AccessDeniedError,
    404: NotFoundError,
    409: ConflictError,
    413: InvalidRequestError,
    415: InvalidRequestError,
    422: InvalidRequestError,
    429: RateLimitedError,
}


def error_of(problem: Problem, *, retry_after_seconds: float | None = None) -> ResponseError:
    """Return the error for a response of the API."""
    return _BY_STATUS.get(problem.status, ServiceError)(problem, retry_after_seconds=retry_after_seconds)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
