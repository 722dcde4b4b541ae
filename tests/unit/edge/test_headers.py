"""The response headers policy: security headers for everybody, CORS for the origins that are listed."""

from dataclasses import replace

import pytest

from local.edge.headers import with_policy
from local.edge.model import Cors, HeaderRule, ResponseHeaders
from local.edge.requests import ViewerRequest

APP = "https://app.example"
LISTED = ResponseHeaders(
    cors=Cors(
        origins=(APP,),
        methods=("GET",),
        headers=("Content-Type",),
        exposed=("ETag",),
        max_age=60,
        override=True,
        credentials=True,
    )
)
ANY = ResponseHeaders(cors=replace(LISTED.cors, origins=("*",), credentials=False))


def answer(policy, *headers, origin=APP, method="GET"):
    sent = [(b"origin", origin.encode())] if origin else []
    request = ViewerRequest.parse(method=method, target=b"/images/x", headers=sent, viewer_ip="192.0.2.7", body=b"")
    return dict(with_policy(policy, headers, request))


@pytest.mark.parametrize(
    ("answered", "viewer"),
    [
        (None, "Origin"),
        ("Accept", "Accept, Origin"),
        ("Accept, Origin", "Accept, Origin"),
        ("accept,origin", "accept,origin"),
        ("*", "*"),
    ],
)
def test_the_origin_is_one_more_thing_that_an_answer_varies_by(answered, viewer):
    headers = [("vary", answered)] if answered else []

    assert answer(LISTED, *headers)["vary"] == viewer


def test_a_listed_origin_may_read_and_send_cookies():
    headers = answer(LISTED)

    assert headers["access-control-allow-origin"] == APP
    assert headers["access-control-allow-credentials"] == "true"
    assert headers["access-control-expose-headers"] == "ETag"


def test_with_a_star_everybody_may_read_and_nobody_sends_cookies():
    headers = answer(ANY, ("vary", "Accept"), origin="https://other.example")

    assert headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in headers
    assert headers["vary"] == "Accept"


@pytest.mark.parametrize("origin", [None, "https://other.example", f"{APP}.other.example"])
def test_another_origin_gets_no_right(origin):
    assert answer(LISTED, ("vary", "Accept, Origin"), origin=origin) == {"vary": "Accept, Origin"}


def test_a_preflight_is_told_what_may_be_sent():
    headers = answer(LISTED, method="OPTIONS")

    assert headers["access-control-allow-methods"] == "GET"
    assert headers["access-control-allow-headers"] == "Content-Type"
    assert headers["access-control-max-age"] == "60"


def test_a_rule_replaces_the_origins_header_only_if_it_overrides():
    policy = ResponseHeaders(
        rules=(HeaderRule("X-Set", "policy", override=True), HeaderRule("X-Kept", "policy", override=False)),
        removed=frozenset({"x-gone"}),
    )

    headers = answer(policy, ("x-set", "origin"), ("x-kept", "origin"), ("x-gone", "origin"))

    assert headers == {"x-kept": "origin", "x-set": "policy"}
