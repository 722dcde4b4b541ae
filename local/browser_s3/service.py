"""Forwards requests to the emulator's S3 over TLS, with the Host header that they were signed for."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, Protocol

import httpx
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from local.browser_s3.cors import cors_headers

FRESH_SECONDS: Final = 1.0
"""The maximum age of a bucket's cached CORS rules."""

_HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})

Rules = Sequence[Mapping[str, Any]]


class CorsRules(Protocol):
    """The source of a bucket's rules."""

    def of(self, bucket: str) -> Rules:
        """Return the rules of a bucket; empty if it has none or does not exist."""


class BrowserS3:
    """The ASGI application. ``http`` sends to the emulator at ``emulator_url``."""

    def __init__(self, emulator_url: str, http: httpx.AsyncClient, rules: CorsRules) -> None:
        self._emulator = httpx.URL(emulator_url)
        self._http = http
        self._rules = rules
        self._known: dict[str, tuple[float, Rules]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        bucket = scope["path"].split("/")[1]
        cors: dict[str, str] | None = {}
        if "origin" in headers:
            cors = cors_headers(await self._rules_of(bucket), headers, scope["method"])
        if scope["method"] == "OPTIONS":
            await Response(status_code=403 if not cors else 200, headers=cors)(scope, receive, send)
            return
        answer = await self._pass_on(scope, headers, receive)
        await self._respond(answer, cors or {}, scope, receive, send)

    async def _pass_on(self, scope: Scope, headers: Mapping[str, str], receive: Receive) -> httpx.Response:
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        url = self._emulator.copy_with(raw_path=scope["raw_path"] + query)
        kept = {name: value for name, value in headers.items() if name not in {"connection", "keep-alive"}}
        body = _chunks(receive) if scope["method"] in {"PUT", "POST"} else None
        return await self._http.request(scope["method"], url, headers=kept, content=body)

    async def _respond(
        self, answer: httpx.Response, cors: Mapping[str, str], scope: Scope, receive: Receive, send: Send
    ) -> None:
        response = Response(answer.content, status_code=answer.status_code)
        for name, value in answer.headers.multi_items():
            if name.lower() not in _HOP_BY_HOP and not name.lower().startswith("access-control-"):
                response.headers.append(name, value)
        response.headers.update(dict(cors))
        await response(scope, receive, send)

    async def _rules_of(self, bucket: str) -> Rules:
        at, rules = self._known.get(bucket, (float("-inf"), ()))
        if time.monotonic() - at > FRESH_SECONDS:
            at, rules = time.monotonic(), await asyncio.to_thread(self._rules.of, bucket)
            self._known[bucket] = (at, rules)
        return rules


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    """Yield a request's body as it arrives."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("the client disconnected")
        yield message.get("body", b"")
        more = message.get("more_body", False)
