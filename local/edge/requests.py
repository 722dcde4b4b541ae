"""Parses a viewer's request as CloudFront does, and builds the events of its functions."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self
from urllib.parse import unquote

from local.edge.signatures import split_query

LONGEST_URL_BYTES: Final = 8192
"""CloudFront's limit for a URL, including the query."""

_URL = re.compile(r"/[!-~]*")


class BadRequestError(Exception):
    """A request that CloudFront itself refuses with ``status`` before it selects a behaviour."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class ViewerRequest:
    """A request: ``path`` and ``query`` as sent; headers by lower-case name, several values joined by commas.

    ``signature`` are the signature's own parameters; ``signed_url`` is the URL without them.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    viewer_ip: str
    signature: tuple[tuple[str, str], ...] = ()
    signed_url: str = ""
    body: bytes = b""

    @classmethod
    def parse(
        cls, *, method: str, target: bytes, headers: Iterable[tuple[bytes, bytes]], viewer_ip: str, body: bytes
    ) -> Self:
        """Parse a request; ``target`` is path and query as in the request's first line.

        Raises BadRequestError.
        """
        if len(target) > LONGEST_URL_BYTES:
            raise BadRequestError(414)
        text = target.decode("latin-1")
        if not _URL.fullmatch(text):
            raise BadRequestError(400)
        joined: dict[str, str] = {}
        for raw_name, raw_value in headers:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            separator = "; " if name == "cookie" else ","
            joined[name] = f"{joined[name]}{separator}{value}" if name in joined else value
        path, question, query = text.partition("?")
        kept, signature = split_query(query) if question else ("", [])
        rest = f"?{kept}" if kept else ""
        return cls(
            method=method,
            path=path,
            query=query,
            headers=joined,
            cookies=_cookies(joined.get("cookie", "")),
            viewer_ip=viewer_ip,
            signature=tuple(signature),
            signed_url=f"http://{joined.get('host', '')}{path}{rest}",
            body=body,
        )

    @property
    def normalized_path(self) -> str:
        """Return the path that selects a behaviour: decoded, without dot segments."""
        segments: list[str] = []
        for segment in unquote(self.path).split("/")[1:]:
            if segment == "..":
                segments = segments[:-1]
            elif segment != ".":
                segments.append(segment)
        return "/" + "/".join(segments)

    def function_event(self, kind: str) -> dict[str, Any]:
        """Return the event that a CloudFront Function gets for this request."""
        return {
            "version": "1.0",
            "context": {
                "distributionDomainName": self.headers.get("host", ""),
                "distributionId": "LOCAL",
                "eventType": kind,
                "requestId": "local",
            },
            "viewer": {"ip": self.viewer_ip},
            "request": {
                "method": self.method,
                "uri": self.path,
                "querystring": _multi(_pairs(self.query)),
                "headers": {name: {"value": value} for name, value in self.headers.items() if name != "cookie"},
                "cookies": {name: {"value": value} for name, value in self.cookies.items()},
            },
        }

    def rewritten(self, request: Mapping[str, Any]) -> "ViewerRequest":
        """Return this request as a function has changed it."""
        return replace(
            self,
            path=request["uri"],
            query=_query(request["querystring"]),
            headers={name.lower(): _joined(value) for name, value in request["headers"].items()},
        )


def _cookies(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return {name: value for name, equals, value in pairs if equals}


def _pairs(query: str) -> list[tuple[str, str]]:
    parts = (pair.partition("=") for pair in query.split("&") if pair)
    return [(name, value) for name, _, value in parts]


def _multi(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return names and values, still percent-encoded, in the form that functions get."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {
        name: {"value": each[-1], **({"multiValue": [{"value": one} for one in each]} if len(each) > 1 else {})}
        for name, each in values.items()
    }


def _query(querystring: Mapping[str, Any]) -> str:
    pairs = [
        (name, one["value"])
        for name, value in querystring.items()
        for one in value.get("multiValue", [{"value": value["value"]}])
    ]
    return "&".join(f"{name}={value}" if value else name for name, value in pairs)


def _joined(value: Mapping[str, Any]) -> str:
    return ",".join(one["value"] for one in value.get("multiValue", [value]))
