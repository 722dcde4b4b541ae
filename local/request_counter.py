"""Counts the emulator's requests, by the names under which AWS bills them.

Nothing here changes a response. Requests of the root user are the launcher's and the tests' own and are not counted.
A state machine's direct calls stay inside the emulator; its history has them.
"""

import json
import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PATH = "/_image_scaler/requests"
"""The path that returns the counted requests, oldest first, as JSON."""
KEPT = 20_000
"""The number of requests that are kept."""
ROOT = "test"
"""The access key of the emulator's root user."""

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/")


@dataclass(frozen=True)
class CountedRequest:
    """A request of a function: ``about`` is an S3 object's key or prefix, or the body of a call in JSON."""

    service: str
    operation: str
    bucket: str
    about: str


class RequestCounter:
    """Wraps the emulator's application and keeps the requests of functions."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._kept: deque[CountedRequest] = deque(maxlen=KEPT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == PATH:
            await self._report(send)
        else:
            await self._app(scope, await self._count(scope, receive), send)

    async def _report(self, send: Send) -> None:
        body = json.dumps([asdict(each) for each in self._kept]).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _count(self, scope: Scope, receive: Receive) -> Receive:
        """Keep a request, and return what the application reads it with."""
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        credential = _CREDENTIAL.search(headers.get("authorization", ""))
        if credential is None or credential[1] == ROOT:
            return receive
        service = credential[2]
        if service == "s3":
            self._kept.append(_s3_request(scope, headers))
            return receive
        message = await receive()
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        self._kept.append(CountedRequest(service, operation, "", message.get("body", b"").decode("utf-8", "replace")))
        return _replayed(message, receive)


def _s3_request(scope: Scope, headers: dict[str, str]) -> CountedRequest:
    bucket, _, key = unquote(scope["path"]).lstrip("/").partition("/")
    query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
    method = scope["method"]
    if not key and method == "GET":
        return CountedRequest("s3", "ListObjects", bucket, query.get("prefix", [""])[0])
    if method == "PUT" and "tagging" in query:
        return CountedRequest("s3", "PutObjectTagging", bucket, key)
    if method == "PUT" and "x-amz-copy-source" in headers:
        return CountedRequest("s3", "CopyObject", bucket, key)
    if method == "POST" and "delete" in query:
        return CountedRequest("s3", "DeleteObjects", bucket, "")
    return CountedRequest("s3", f"{method.title()}Object", bucket, key)


def _replayed(message: dict[str, Any], receive: Receive) -> Receive:
    """Return a function that returns ``message`` first, and then what ``receive`` returns."""
    waiting = [message]

    async def receive_again() -> dict[str, Any]:
        return waiting.pop() if waiting else await receive()

    return receive_again
