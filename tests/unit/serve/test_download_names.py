"""Download names: serve and the edge function return the same header for every case of the shared table."""

import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdk.edge_functions import image_response_code
from functions.serve.responses import attachment
from tests.unit.shared.variant.edge_function import CloudFrontFunction, run_on_njs

CASES = json.loads((Path(__file__).parents[2] / "cases" / "downloads.json").read_text())
EACH_CASE = pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
TYPES = st.sampled_from([f"image/{name}" for name in ("avif", "gif", "jpeg", "png", "webp")])
NAMES = st.one_of(st.text(), st.text('a. é/%+😀\u202e\x00"', max_size=110))


@pytest.fixture(scope="session")
def edge():
    function = CloudFrontFunction(image_response_code())
    yield function
    function.close()


def disposition_at(edge, download, content_type):
    """Return the header that the edge adds; ``download`` is percent-encoded, as CloudFront passes it."""
    answer = edge.handle(event_of(download, content_type))
    return answer["headers"].get("content-disposition", {}).get("value")


def event_of(download, content_type):
    headers = {"content-type": {"value": content_type}} if content_type else {}
    request = {"querystring": {"download": {"value": download}} if download is not None else {}}
    return {"request": request, "response": {"headers": headers}}


@EACH_CASE
def test_serve_returns_the_expected_disposition(case):
    assert attachment(case["download"], case["content_type"]) == case["disposition"]


@EACH_CASE
def test_the_edge_returns_the_same_disposition(edge, case):
    for encode in (quote, quote_plus):
        assert disposition_at(edge, encode(case["download"], safe=""), case["content_type"]) == case["disposition"]


def test_the_table_holds_on_cloudfronts_own_engine(tmp_path):
    events = [event_of(quote(case["download"], safe=""), case["content_type"]) for case in CASES]

    answers = run_on_njs(image_response_code(), events, tmp_path)

    assert [answer["headers"]["content-disposition"]["value"] for answer in answers] == [
        case["disposition"] for case in CASES
    ]


@given(name=NAMES.filter(bool), content_type=TYPES)
def test_the_edge_and_serve_agree_on_any_name(edge, name, content_type):
    encoded = quote(name.encode("utf-8", "ignore"), safe="") or "%FF"

    assert disposition_at(edge, encoded, content_type) == attachment(name, content_type)


@given(name=st.text())
def test_no_name_breaks_the_header(name):
    disposition = attachment(name, "image/jpeg")

    assert disposition.isascii()
    assert disposition.isprintable()
    assert disposition.count('"') == 2
    assert "/" not in disposition
    assert len(disposition) < 1500


def test_a_name_that_is_not_valid_text_is_ignored(edge):
    assert disposition_at(edge, "%ff.jpg", "image/png") == attachment("", "image/png")
    assert attachment("\ud800", "image/png") == attachment("", "image/png")


def test_without_a_name_there_is_no_header(edge):
    assert disposition_at(edge, None, "image/png") is None
    assert disposition_at(edge, "", "image/png") is None


def test_a_304_does_not_change_the_name(edge):
    assert disposition_at(edge, "cat", None) is None


@pytest.mark.parametrize("content_type", ["application/json", "application/problem+json"])
def test_a_response_that_is_not_a_picture_gets_no_name(edge, content_type):
    assert disposition_at(edge, "cat", content_type) is None
