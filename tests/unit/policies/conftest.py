"""The function `policies`, cold-started in a small AWS without policies."""

import json

import pytest

from functions.policy import store
from tests.fakes.gateway import Answer, proxy_event
from tests.fakes.handlers import Function


@pytest.fixture
def call(aws, monkeypatch):
    """Call the API: method, path, query; a document or a body in bytes is positional."""
    store._documents.clear()
    function = Function("policies", monkeypatch)

    def request(method: str, path: str, body: object = b"", /, **query: str) -> Answer:
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Answer(function(proxy_event(method, path, body=body, query=query)))

    return request
