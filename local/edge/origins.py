"""Requests the origins: the generated bucket with signed requests, and the API behind its firewall."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, unquote

import httpx
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.edge.firewall import Firewall, FirewallRequest, Patterns, Ruling
from local.emulator import REGION, ROOT_CREDENTIALS
from local.outputs import Outputs

HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "date",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Hop-by-hop headers, and headers that the next server writes itself, which are not forwarded."""

MISCONFIGURED_PROBLEM: Final = (
    b'{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"The service is misconfigured."}'
)
HEADER_PROBLEM: Final = (
    b'{"type":"about:blank","title":"Bad Request","status":400,"detail":"A header has characters outside ASCII."}'
)
WAF_PROBLEM: Final = b'{"type":"about:blank","title":"Forbidden","status":403,"detail":"This call is not allowed."}'


PROBLEM_HEADERS: Final = (("content-type", "application/problem+json"), ("cache-control", "no-store"))


@dataclass(frozen=True)
class OriginRequest:
    """A request to an origin: ``path`` as it is in the URL, ``query`` without a question mark."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class OriginResponse:
    """An origin's response with lower-case header names. ``trace`` lists the components involved."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    trace: tuple[str, ...] = ()


class Origins:
    """The connections to the emulator. Use it inside one event loop and ``close`` it."""

    def __init__(self, outputs: Outputs) -> None:
        self._emulator_url = outputs.emulator_url
        trust = ssl.create_default_context(cafile=outputs.ca_file)
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
        self._http = httpx.AsyncClient(verify=trust, timeout=60, trust_env=False, limits=limits)
        self._signer = S3SigV4Auth(
            Credentials(ROOT_CREDENTIALS["AWS_ACCESS_KEY_ID"], ROOT_CREDENTIALS["AWS_SECRET_ACCESS_KEY"]), "s3", REGION
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ask_bucket(self, bucket: str, request: OriginRequest) -> OriginResponse:
        """Read an object with a signed request, as CloudFront does with origin access control, but as root."""
        url = f"{self._emulator_url}/{bucket}{quote(unquote(request.path), safe='/-_.~')}"
        signed = AWSRequest(method=request.method, url=url, headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
        self._signer.add_auth(signed)
        response = await self._send(request.method, url, dict(signed.headers.items()), b"")
        return replace(response, trace=(f"bucket {response.status}",))

    async def ask_api(self, api_id: str, request: OriginRequest) -> OriginResponse:
        """Call the API; ``request.path`` begins with the stage."""
        url = f"{self._emulator_url}/_aws/execute-api/{api_id}{request.path}"
        headers = {"accept": "*/*", **request.headers}  # without an Accept header the emulator returns base64 text
        return await self._send(
            request.method, f"{url}?{request.query}" if request.query else url, headers, request.body
        )

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> OriginResponse:
        answer = await self._http.request(method, url, headers=dict(headers), content=body)
        kept = tuple(
            (name.lower(), value) for name, value in answer.headers.multi_items() if name.lower() not in HOP_BY_HOP
        )
        return OriginResponse(answer.status_code, kept, answer.content)


class ProtectedApi:
    """The API's public endpoint: the web ACL checks every request first."""

    def __init__(self, firewall: Firewall, origins: Origins, api_id: str, *, may_invoke: bool) -> None:
        """``may_invoke``: API Gateway has a permission to invoke functions, which the emulator does not check."""
        self._firewall = firewall
        self._may_invoke = may_invoke
        self._origins = origins
        self._api_id = api_id

    async def ask(self, request: OriginRequest, patterns: Patterns) -> OriginResponse:
        """Return the API's response, or the firewall's refusal."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        ruling = self._firewall.rule(FirewallRequest(request.method, request.path, headers), patterns)
        if not ruling.allowed:
            return _refusal(ruling)
        if not self._may_invoke:
            trace = (f"firewall {ruling.rule or 'default'}", "api 500")
            return OriginResponse(500, PROBLEM_HEADERS, MISCONFIGURED_PROBLEM, trace)
        if not all(value.isascii() for value in headers.values()):
            return OriginResponse(400, PROBLEM_HEADERS, HEADER_PROBLEM, ("api not asked",))
        response = await self._origins.ask_api(self._api_id, request)
        return replace(response, trace=(f"firewall {ruling.rule or 'default'}", f"api {response.status}"))


def _refusal(ruling: Ruling) -> OriginResponse:
    """Return API Gateway's document for a plain block; a custom response has neither body nor content type."""
    trace = (f"firewall {ruling.rule or 'default'} {ruling.status}",)
    if ruling.status != 403:
        return OriginResponse(ruling.status, ruling.headers, b"", trace)
    return OriginResponse(ruling.status, PROBLEM_HEADERS, WAF_PROBLEM, trace)
