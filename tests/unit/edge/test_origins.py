"""What the API's firewall answers by itself, as openapi.yaml describes it."""

import asyncio

import pytest

from local.edge.firewall import Firewall
from local.edge.origins import OriginRequest, ProtectedApi

PATTERNS = {"AcceptedOriginValues": ["^new$"]}


@pytest.fixture
def answer(template):
    api = ProtectedApi(Firewall(*template.single("AWS::WAFv2::WebACL")), None, "refused before the API is asked")

    def answer(**headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return asyncio.run(api.ask(OriginRequest("GET", "/live/v1/images", "", named), PATTERNS))

    return answer


def test_who_comes_past_the_edge_gets_a_problem_document(answer):
    refused = answer(x_origin_verify="guess", x_viewer_address="192.0.2.1")

    assert (refused.status, dict(refused.headers)["content-type"]) == (403, "application/problem+json")
    assert b'"status":403' in refused.body


@pytest.mark.parametrize("value", ["é", "\xc3\xa9", "\x80"])
def test_a_header_that_no_http_api_takes_is_a_400_and_reaches_no_function(answer, value):
    refused = answer(x_origin_verify="new", x_viewer_address="192.0.2.1", idempotency_key=value)

    assert (refused.status, dict(refused.headers)["content-type"]) == (400, "application/problem+json")
    assert b'"status":400' in refused.body


def test_the_rate_limit_answers_without_a_body(answer):
    limited = answer(x_origin_verify="new", x_viewer_address="no address counts as too many")

    assert (limited.status, limited.headers, limited.body) == (429, (), b"")
