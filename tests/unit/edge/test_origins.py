"""What the API's firewall answers by itself, as openapi.yaml describes it."""

import asyncio

import pytest

from local.edge.firewall import Firewall
from local.edge.origins import OriginRequest, ProtectedApi
from local.edge.template import Template

PATTERNS = {"AcceptedOriginValues": ["^new$"]}


@pytest.fixture
def answer(template):
    return answers_of(template)


def answers_of(template):
    firewall = Firewall(*template.single("AWS::WAFv2::WebACL"))
    permitted = template.lets_api_gateway_invoke()
    api = ProtectedApi(firewall, None, "refused before the API is asked", may_invoke=permitted)

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

    assert (limited.status, limited.body) == (429, b"")


def test_who_asks_too_often_is_told_to_wait_and_nobody_else_is(answer):
    limited = answer(x_origin_verify="new", x_viewer_address="no address counts as too many")

    assert dict(limited.headers) == {"cache-control": "no-store", "retry-after": "60"}


def test_without_the_edges_permissions_the_api_runs_nothing_and_answers_500(document):
    for name, each in list(document["Resources"].items()):
        if each["Type"] == "AWS::Lambda::Permission":
            del document["Resources"][name]

    refused = answers_of(Template(document))(x_origin_verify="new", x_viewer_address="192.0.2.1")

    assert refused.status == 500
    assert b'"detail":"The service is misconfigured."' in refused.body
