"""Requests as API Gateway sends them to a function, and responses as a client reads them."""

import base64
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any


def proxy_event(
    method: str, path: str, *, body: bytes = b"", headers: dict[str, str] | None = None, query: dict | None = None
) -> dict[str, Any]:
    """Return a REST API proxy event; with binaryMediaTypes */* every body is base64."""
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": headers or {},
        "multiValueHeaders": {name: [value] for name, value in (headers or {}).items()},
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in (query or {}).items()} or None,
        "pathParameters": None,
        "requestContext": {"stage": "live", "httpMethod": method, "path": f"/live{path}", "requestId": "r"},
        "body": base64.b64encode(body).decode() if body else None,
        "isBase64Encoded": bool(body),
    }


@dataclass(frozen=True)
class Answer:
    """A proxy response."""

    raw: dict[str, Any]

    @property
    def status(self) -> int:
        return self.raw["statusCode"]

    @cached_property
    def document(self) -> dict[str, Any]:
        return json.loads(self.raw["body"])

    def header(self, name: str) -> str | None:
        single = self.raw.get("headers") or {}
        multiple = {key: values[0] for key, values in (self.raw.get("multiValueHeaders") or {}).items()}
        return {key.lower(): value for key, value in {**single, **multiple}.items()}.get(name.lower())

    def problem(self) -> dict[str, Any]:
        """Check that the body is a problem document and return it."""
        assert self.header("content-type") == "application/problem+json"
        assert self.document["status"] == self.status
        assert self.document["title"]
        return self.document
