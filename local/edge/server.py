"""The edge server: processes viewers' requests in the same steps and order as CloudFront.

signature ► viewer-request function ► cache ► origin (group: primary, then fallback) ► viewer-response function ►
response headers policy. X-Cache in the response shows the result.
"""

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from local.edge.cache import Cache, Entry, lifetime, tags_of
from local.edge.headers import with_policy
from local.edge.javascript import FunctionFailedError, FunctionRunner
from local.edge.live import LiveEdge, Snapshot
from local.edge.model import ApiOrigin, Behavior, Distribution, OriginGroup
from local.edge.origins import OriginRequest, OriginResponse, Origins, ProtectedApi
from local.edge.requests import BadRequestError, ViewerRequest
from local.edge.signatures import NAMES, PublicKey, RefusedError, SignedRequest, check_signature

FAILOVER_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CACHED_METHODS: Final = frozenset({"GET", "HEAD"})
LARGEST_BODY_BYTES: Final = 10 * 1024 * 1024
"""API Gateway's limit; CloudFront's own is far higher."""

HIT, MISS, ERROR = "Hit from cloudfront", "Miss from cloudfront", "Error from cloudfront"
FUNCTION_ANSWER: Final = "FunctionGeneratedResponse from cloudfront"

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True)
class Answer:
    """A viewer's response: ``cached`` is the X-Cache header, ``age`` the entry's age in seconds.

    ``trace`` lists the requested origins; the local edge returns it in a separate header.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cached: str
    age: int | None = None
    trace: tuple[str, ...] = ()


class EdgeServer:
    """The ASGI application of the distribution."""

    def __init__(
        self,
        distribution: Distribution,
        *,
        live: LiveEdge,
        cache: Cache,
        functions: FunctionRunner,
        origins: Origins,
        api: ProtectedApi,
    ) -> None:
        self._distribution = distribution
        self._live = live
        self._cache = cache
        self._functions = functions
        self._origins = origins
        self._api = api
        self._patterns = [(_path_pattern(each.pattern), each) for each in distribution.behaviors]
        self._fetching: dict[str, asyncio.Future[None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            return
        answer = await self._answer_to(scope, receive)
        response = Response(answer.body, status_code=answer.status)
        for name, value in (*answer.headers, ("x-cache", answer.cached), ("via", "1.1 local (CloudFront)")):
            response.headers.append(name, value)
        if answer.trace:
            response.headers["x-local-trace"] = "; ".join(answer.trace)
        if answer.age is not None:
            response.headers["age"] = str(answer.age)
        if scope["method"] == "HEAD" or answer.status == 304:
            response.body = b""  # the headers keep the length of a GET's body
        await response(scope, receive, send)

    async def _answer_to(self, scope: Scope, receive: Receive) -> Answer:
        query = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        try:
            request = ViewerRequest.parse(
                method=scope["method"],
                target=target,
                headers=scope["headers"],
                viewer_ip=scope["client"][0],
                body=await read_body(receive),
            )
        except BadRequestError as error:
            return _error(error.status)
        snapshot = await self._live.current()
        behavior = self._behavior_of(request)
        if request.method not in behavior.methods:
            return _error(403)
        try:
            self._check_signature(request, behavior, snapshot)
        except RefusedError as refusal:
            return _error(403, str(refusal))
        answer = await self._after_signature(request, behavior, snapshot)
        headers = with_policy(behavior.response_headers, answer.headers, request)
        return replace(answer, headers=headers)

    def _behavior_of(self, request: ViewerRequest) -> Behavior:
        path = request.normalized_path
        return next(behavior for pattern, behavior in self._patterns if pattern.fullmatch(path))

    def _check_signature(self, request: ViewerRequest, behavior: Behavior, snapshot: Snapshot) -> None:
        if not behavior.key_groups:
            return
        keys: dict[str, PublicKey] = {}
        for group in behavior.key_groups:
            keys.update(snapshot.keys[group])
        check_signature(
            SignedRequest(url=request.signed_url, viewer_ip=request.viewer_ip, now=time.time()),
            parameters=request.signature,
            cookies=request.cookies,
            keys=keys,
        )

    async def _after_signature(self, request: ViewerRequest, behavior: Behavior, snapshot: Snapshot) -> Answer:
        try:
            if behavior.request_function:
                result = await self._functions.run(behavior.request_function, request.function_event("viewer-request"))
                if "statusCode" in result:
                    return _function_answer(result)
                request = request.rewritten(result)
            answer = await self._cached(request, behavior, snapshot)
            if behavior.response_function and answer.status < 400:
                answer = await self._function_on_response(request, behavior.response_function, answer)
        except FunctionFailedError:
            return _error(503)
        return answer

    async def _cached(self, request: ViewerRequest, behavior: Behavior, snapshot: Snapshot) -> Answer:
        """Respond from the cache; while one request fetches an entry, others for the same entry wait."""
        if request.method not in CACHED_METHODS or not behavior.cache.keeps:
            return _fetched(await self._fetch(request, behavior, snapshot))
        key = request.path
        if (entry := self._cache.get(key, time.time())) is None and key in self._fetching:
            await self._fetching[key]
            entry = self._cache.get(key, time.time())
        if entry is not None:
            return _hit(entry, request)
        done = asyncio.get_running_loop().create_future()
        self._fetching.setdefault(key, done)
        try:
            return await self._fetch_and_store(request, behavior, snapshot)
        finally:
            done.set_result(None)
            if self._fetching.get(key) is done:
                del self._fetching[key]

    async def _fetch_and_store(self, request: ViewerRequest, behavior: Behavior, snapshot: Snapshot) -> Answer:
        invalidations = self._cache.invalidations
        response = await self._fetch(request, behavior, snapshot)
        headers = dict(response.headers)
        seconds = lifetime(response.status, headers, behavior.cache, self._distribution.error_ttls)
        now, tags = time.time(), tags_of(headers, self._distribution.cache_tag_header)
        entry = Entry(response.status, response.headers, response.body, now, now + seconds, tags)
        if seconds > 0 and request.method == "GET" and invalidations == self._cache.invalidations:
            self._cache.put(request.path, entry)
        if response.status >= 400:
            return _fetched(response)
        return replace(_selected(entry, request, cached=MISS), trace=response.trace)

    async def _fetch(self, request: ViewerRequest, behavior: Behavior, snapshot: Snapshot) -> OriginResponse:
        group = self._distribution.groups.get(behavior.target)
        if group is None:
            return await self._ask(behavior.target, request, behavior, snapshot)
        return await self._fetch_from_group(group, request, behavior, snapshot)

    async def _fetch_from_group(
        self, group: OriginGroup, request: ViewerRequest, behavior: Behavior, snapshot: Snapshot
    ) -> OriginResponse:
        response = await self._ask(group.primary, request, behavior, snapshot)
        if response.status in group.statuses and request.method in FAILOVER_METHODS:
            fallback = await self._ask(group.fallback, request, behavior, snapshot)
            return replace(fallback, trace=response.trace + fallback.trace)
        return response

    async def _ask(
        self, origin_id: str, request: ViewerRequest, behavior: Behavior, snapshot: Snapshot
    ) -> OriginResponse:
        origin = self._distribution.origins[origin_id]
        policy = behavior.origin_request
        headers = {name: value for name, value in request.headers.items() if name in policy.headers}
        headers["user-agent"] = "Amazon CloudFront"
        headers.update({name.lower(): value for name, value in snapshot.origin_headers[origin_id].items()})
        query = request.query if policy.query else ""
        asked = OriginRequest(request.method, request.path, _without_signature(query), headers, request.body)
        if isinstance(origin, ApiOrigin):
            return await self._api.ask(
                OriginRequest(asked.method, origin.path + asked.path, asked.query, headers, asked.body),
                snapshot.patterns,
            )
        return await self._origins.ask_bucket(origin.bucket, asked)

    async def _function_on_response(self, request: ViewerRequest, function: str, answer: Answer) -> Answer:
        event = request.function_event("viewer-response")
        event["response"] = {
            "statusCode": answer.status,
            "headers": {name: {"value": value} for name, value in answer.headers},
            "cookies": {},
        }
        result = await self._functions.run(function, event)
        headers = tuple((name, each["value"]) for name, each in result["headers"].items())
        return replace(answer, status=result["statusCode"], headers=headers)


class ProtectedApiServer:
    """The ASGI application of the API's own address, for requests around the edge: the web ACL, then the API."""

    def __init__(self, api: ProtectedApi, live: LiveEdge) -> None:
        self._api = api
        self._live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; the path begins with the stage, as at API Gateway."""
        if scope["type"] != "http":
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name not in {b"host", b"connection", b"content-length", b"transfer-encoding"}
        }
        request = OriginRequest(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=await read_body(receive),
        )
        answer = await self._api.ask(request, (await self._live.current()).patterns)
        response = Response(answer.body, status_code=answer.status)
        for name, value in answer.headers:
            response.headers.append(name, value)
        await response(scope, receive, send)


async def read_body(receive: Receive) -> bytes:
    """Return a request's body; a body over the API's limit is cut one byte after the limit."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")[: LARGEST_BODY_BYTES + 1 - len(body)]
        more = message.get("more_body", False)
    return bytes(body)


def _path_pattern(pattern: str) -> re.Pattern[str]:
    text = pattern if pattern.startswith(("/", "*")) else f"/{pattern}"
    return re.compile("".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in text), re.DOTALL)


def _without_signature(query: str) -> str:
    return "&".join(pair for pair in query.split("&") if pair.partition("=")[0] not in NAMES)


def _error(status: int, code: str = "") -> Answer:
    """Return CloudFront's own short refusal, which repeats no input from the viewer."""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code or "BadRequest"}</Code></Error>'.encode()
    return Answer(status, (("content-type", "text/xml"), ("cache-control", "no-store")), body, ERROR)


def _function_answer(result: Mapping[str, Any]) -> Answer:
    headers = tuple((name, each["value"]) for name, each in result.get("headers", {}).items())
    body = result.get("body", "")
    text = body if isinstance(body, str) else body.get("data", "")
    return Answer(result["statusCode"], headers, text.encode(), FUNCTION_ANSWER)


def _fetched(response: OriginResponse) -> Answer:
    cached = ERROR if response.status >= 400 else MISS
    return Answer(response.status, response.headers, response.body, cached, trace=response.trace)


def _hit(entry: Entry, request: ViewerRequest) -> Answer:
    if entry.status >= 400:
        return Answer(entry.status, entry.headers, entry.body, ERROR, _age(entry))
    return _selected(entry, request, cached=HIT, age=_age(entry))


def _age(entry: Entry) -> int:
    return int(time.time() - entry.stored_at)


def _selected(entry: Entry, request: ViewerRequest, *, cached: str, age: int | None = None) -> Answer:
    """Return the entry, or the part of it for a conditional or range request."""
    headers = dict(entry.headers)
    wanted = request.headers.get("if-none-match")
    if entry.status == 200 and wanted and _etag_matches(wanted, headers.get("etag", "")):
        kept = tuple((name, value) for name, value in entry.headers if name != "content-type")
        return Answer(304, kept, b"", cached, age)
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if entry.status == 200 and asked and request.method == "GET" and "if-range" not in request.headers:
        return _range(entry, asked, cached, age)
    return Answer(entry.status, entry.headers, entry.body, cached, age)


def _etag_matches(wanted: str, etag: str) -> bool:
    offered = [each.strip().removeprefix("W/") for each in wanted.split(",")]
    return bool(etag) and ("*" in offered or etag.removeprefix("W/") in offered)


def _range(entry: Entry, asked: re.Match[str], cached: str, age: int | None) -> Answer:
    length = len(entry.body)
    if asked[1]:
        first = int(asked[1])
        last = min(int(asked[2]) if asked[2] else length - 1, length - 1)
    elif asked[2]:
        first, last = max(length - int(asked[2]), 0), length - 1
    else:
        return Answer(entry.status, entry.headers, entry.body, cached, age)
    if first > last:
        return Answer(416, (("content-range", f"bytes */{length}"),), b"", cached, age)
    headers = (*entry.headers, ("content-range", f"bytes {first}-{last}/{length}"))
    return Answer(206, headers, entry.body[first : last + 1], cached, age)
