"""The upload function, cold-started in a small AWS."""

import json

import pytest

from tests.fakes.gateway import Answer, proxy_event
from tests.fakes.handlers import Function


@pytest.fixture
def post(aws, monkeypatch):
    """Call POST /v1/images with a JSON document or with bytes."""
    function = Function("upload", monkeypatch)

    def call(
        body, *, content_type: str = "application/json", query: dict | None = None, more: dict | None = None, **headers
    ) -> Answer:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        event = proxy_event(
            "POST", "/v1/images", body=content, headers={"Content-Type": content_type, **headers}, query=query
        )
        return Answer(function(event | (more or {})))

    return call
