"""HTTP calls: retries each call if that is safe and may succeed, and raises only this package's errors.

Each attempt has a new signature for one URL. It is sent as cookies, because access logs and error messages contain URLs
but not cookies.
"""

import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from image_scaler.client.errors import (
    ClientError,
    ConflictError,
    NotFoundError,
    Problem,
    ResponseError,
    UnexpectedAnswerError,
    UnreachableError,
    UploadRefusedError,
    error_of,
)
from image_scaler.signing import Signer, canned_policy

T = TypeVar("T")

SIGNED_FOR: Final = timedelta(minutes=5)
"""The validity of a call's signature: longer than a slow upload plus a small clock difference."""

REPEATED_STATUS: Final = frozenset({429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed. Conflicts and refused uploads are retried only
with Retry-After or a retryable S3 code."""

TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)
"""API Gateway responds within 29 s; S3 takes as long as the upload, so the limit applies between two chunks."""

LOOPBACK: Final = ("localhost", "127.0.0.1")

_ID: Final = re.compile("[0-9A-Za-z]{1,64}")


@dataclass(frozen=True)
class Retries:
    """The number of attempts and the waits between them.

    The wait before attempt n is random, up to ``first_wait_seconds`` doubled n times and at most
    ``longest_wait_seconds``, or it is the response's Retry-After. A Retry-After above the longest wait ends the call.
    """

    attempts: int = 5
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 20.0


def new_http() -> httpx.Client:
    """Return an HTTP client with proxies from the environment, except for local addresses."""
    mounts = {f"all://{host}": httpx.HTTPTransport() for host in LOOPBACK}
    return httpx.Client(timeout=TIMEOUT, mounts=mounts, headers={"User-Agent": user_agent()})


def user_agent() -> str:
    """Return the client's User-Agent."""
    return f"image-scaler/{version('image-scaler')} python-httpx/{httpx.__version__}"


class Calls:
    """Sends requests and reads responses. ``sleep`` waits for seconds between attempts."""

    def __init__(
        self,
        http: httpx.Client,
        *,
        signer: Signer,
        retries: Retries,
        sleep: Callable[[float], None],
    ) -> None:
        self._http = http
        self._signer = signer
        self._retries = retries
        self._sleep = sleep

    def api(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: Callable[[], Any] | None = None,
    ) -> dict[str, Any]:
        """Make a signed API call and return its document; ``content`` returns the body for each attempt.

        The call must be safe to repeat: a POST that creates an image has an Idempotency-Key. Raises ClientError.
        """

        def attempt() -> dict[str, Any]:
            body = None if content is None else content()
            answer = self._send(method, url, headers={**(headers or {}), **self._signature(url)}, content=body)
            if not answer.is_success:
                problem = Problem.read(answer.status_code, answer.content)
                raise error_of(problem, retry_after_seconds=_wait_asked(answer))
            return _document(answer)

        return self.repeated(attempt)

    def send_json(self, method: str, url: str, document: Mapping[str, Any], **headers: str) -> dict[str, Any]:
        """Make an API call with a JSON body and return its document, as ``api`` does.

        Members that are None are left out. ``headers`` has names with _ for -.
        """
        body = json.dumps(_given(document)).encode()
        sent = {"Content-Type": "application/json", **{name.replace("_", "-"): each for name, each in headers.items()}}
        return self.api(method, url, headers=sent, content=lambda: body)

    def storage(self, method: str, url: str, **request: Any) -> httpx.Response:
        """Send one presigned request to S3, once, and return the response, whatever its status. Raises
        UnreachableError."""
        return self._send(method, url, **request)

    def repeated(self, attempt: Callable[[], T]) -> T:
        """Return the result of ``attempt``; retry it after temporary errors. Raises ClientError."""
        retrying = Retrying(
            retry=retry_if_exception(self._may_heal),
            stop=stop_after_attempt(self._retries.attempts),
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(attempt)

    def _send(self, method: str, url: str, **request: Any) -> httpx.Response:
        try:
            return self._http.request(method, url, **request)
        except httpx.TransportError as error:
            origin = "/".join(url.split("/", 3)[:3])
            raise UnreachableError(f"{origin} cannot be reached: {str(error) or type(error).__name__}") from error
        except httpx.InvalidURL as error:
            raise ClientError(f"{url!r} is not a URL: {error}") from error

    def _signature(self, url: str) -> dict[str, str]:
        policy = canned_policy(url, expires_at=datetime.now(UTC) + SIGNED_FOR)
        cookies = self._signer.sign_cookies(policy)
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}

    def _may_heal(self, error: BaseException) -> bool:
        if isinstance(error, UnreachableError):
            return not isinstance(error.__cause__, httpx.UnsupportedProtocol)
        if not isinstance(error, ResponseError):
            return False
        asked = error.retry_after_seconds
        if asked is not None and asked > self._retries.longest_wait_seconds:
            return False
        says_again = asked is not None and isinstance(error, ConflictError | UploadRefusedError)
        return error.status in REPEATED_STATUS or says_again

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, ResponseError) and error.retry_after_seconds is not None:
            return error.retry_after_seconds + random.uniform(0, self._retries.first_wait_seconds)  # noqa: S311
        backoff = wait_random_exponential(self._retries.first_wait_seconds, self._retries.longest_wait_seconds)
        return backoff(state)


def query_of(parameters: Mapping[str, str | int | None]) -> str:
    """Return a query with its question mark, without the parameters that are None; "" if there are no others."""
    given = _given(parameters)
    return f"?{urlencode(given, quote_via=quote)}" if given else ""


def checked_id(text: str, owner: str) -> str:
    """Return the id of ``owner`` ("an image") for use in a path. Raises NotFoundError for text that cannot be an id."""
    if not _ID.fullmatch(text):
        raise NotFoundError(Problem(404, "Not Found", f"{text!r} is not the id of {owner}."))
    return text


def _given(members: Mapping[str, T | None]) -> dict[str, T]:
    return {name: value for name, value in members.items() if value is not None}


def _document(answer: httpx.Response) -> dict[str, Any]:
    try:
        document = answer.json()
    except ValueError as error:
        raise UnexpectedAnswerError(f"the response of {answer.url} is not JSON") from error
    if not isinstance(document, dict):
        raise UnexpectedAnswerError(f"the response of {answer.url} is not a JSON object")
    return document


def _wait_asked(answer: httpx.Response) -> float | None:
    """Return the seconds of Retry-After, which is a number or a date; None if it is missing or invalid."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
