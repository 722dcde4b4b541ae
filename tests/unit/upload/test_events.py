"""A whole event of API Gateway: JSON as base64, header names in any case, a browser's Origin."""

import json
from pathlib import Path

import pytest

from tests.fakes.gateway import Answer
from tests.fakes.handlers import Function
from tests.fakes.openapi import assert_described

EVENT = Path(__file__).resolve().parents[2] / "events" / "api" / "post-images-json.json"


@pytest.fixture
def answer_to(aws, monkeypatch):
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://admin.example, https://app.example")
    function = Function("upload", monkeypatch)
    return lambda event: Answer(function(event))


@pytest.fixture
def event():
    return json.loads(EVENT.read_text(encoding="utf-8"))


def test_a_json_body_that_comes_as_base64_is_read(answer_to, event, aws):
    answer = answer_to(event)

    assert answer.status == 201
    assert_described(answer.document, "Ticket")
    assert answer.header("location") == f"/v1/images/{answer.document['id']}"
    record = aws.items(f"IMAGE#{answer.document['id']}")["RECORD"]
    assert record["filename"] == "a b+c%25é.jpg"


def test_a_json_body_that_comes_as_text_is_read(answer_to, event):
    event |= {"body": '{"filename": "é", "content_type": "image/png", "size": 1}', "isBase64Encoded": False}

    assert answer_to(event).status == 201


def test_header_names_come_in_any_case(answer_to, event):
    assert answer_to(event).document["id"] == answer_to(event).document["id"]


def test_headers_may_come_with_all_their_values_only(answer_to, event):
    event["headers"] = None

    assert answer_to(event).status == 201


def test_a_body_that_is_not_the_base64_it_claims_to_be_is_a_400(answer_to, event):
    answer = answer_to(event | {"body": "{}"})

    assert answer.status == 400
    assert answer.problem()["field"] == "body"


def test_an_allowed_origin_may_read_answers_and_problems(answer_to, event):
    assert answer_to(event).header("access-control-allow-origin") == "https://app.example"
    assert answer_to(event | {"body": None}).header("access-control-allow-origin") == "https://app.example"


def test_another_origin_may_not(answer_to, event):
    event["headers"] |= {"origin": "https://evil.example"}
    event["multiValueHeaders"] |= {"origin": ["https://evil.example"]}

    assert answer_to(event).header("access-control-allow-origin") is None
