"""Calls: what is repeated and when, what an error says, and that every call is signed for exactly its URL."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from image_scaler.client import (
    AccessDeniedError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    RateLimitedError,
    ResponseError,
    Retries,
    ServiceError,
    UnexpectedAnswerError,
    UnreachableError,
)
from tests.unit.client.conftest import IMAGE_ID

RECORD = {"id": IMAGE_ID, "status": "PUBLISHED"}
OK = httpx.Response(200, json=RECORD)


def refusal(status: int, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"title": "No", "status": status, "detail": "because"}, headers=headers)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_failure_that_may_heal_is_repeated(scripted, status):
    assert scripted(refusal(status), refusal(status), OK).get(IMAGE_ID).status == "PUBLISHED"


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ReadTimeout(""), httpx.RemoteProtocolError("")])
def test_a_connection_that_breaks_is_tried_again(scripted, error):
    assert scripted(error, OK).get(IMAGE_ID).id == IMAGE_ID


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 422])
def test_what_a_repeat_cannot_heal_is_not_repeated(scripted, pauses, status):
    with pytest.raises(ResponseError):
        scripted(refusal(status)).get(IMAGE_ID)

    assert pauses == []


def test_a_conflict_that_says_when_to_come_back_is_repeated(scripted, pauses):
    scripted(refusal(409, **{"Retry-After": "1"}), OK).get(IMAGE_ID)

    assert len(pauses) == 1


def test_retry_after_in_seconds_is_respected(scripted, pauses):
    scripted(refusal(503, **{"Retry-After": "7"}), OK).get(IMAGE_ID)

    assert 7 <= pauses[0] < 8


def test_retry_after_as_a_date_is_respected(scripted, pauses):
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=9), usegmt=True)

    scripted(refusal(429, **{"Retry-After": date}), OK).get(IMAGE_ID)

    assert 7 < pauses[0] < 10


def test_a_retry_after_beyond_the_longest_wait_ends_the_call(scripted, pauses):
    client = scripted(refusal(503, **{"Retry-After": "21"}))

    with pytest.raises(ServiceError):
        client.get(IMAGE_ID)

    assert pauses == []


@pytest.mark.parametrize("attempts", [1, 3])
def test_the_number_of_attempts_is_bounded_and_the_last_error_is_told(scripted, pauses, attempts):
    client = scripted(*[refusal(503)] * attempts, retries=Retries(attempts=attempts))

    with pytest.raises(ServiceError, match="503 No: because"):
        client.get(IMAGE_ID)

    assert len(pauses) == attempts - 1


def test_a_service_that_never_answers_is_unreachable_and_named(scripted):
    with pytest.raises(UnreachableError, match=r"https://images\.example\.com cannot be reached: refused"):
        scripted(*[httpx.ConnectError("refused")] * 5).get(IMAGE_ID)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError), (401, AccessDeniedError), (403, AccessDeniedError), (404, NotFoundError),
        (409, ConflictError), (413, InvalidRequestError), (415, InvalidRequestError), (418, ServiceError),
        (422, InvalidRequestError), (429, RateLimitedError), (500, ServiceError), (503, ServiceError),
    ],
)  # fmt: skip
def test_every_status_is_an_error_with_its_problem(scripted, status, kind):
    problem = {"title": "No", "status": status, "detail": "too wide", "parameter": "width", "new": 1}
    client = scripted(*[httpx.Response(status, json=problem)] * 5)

    with pytest.raises(kind) as raised:
        client.get(IMAGE_ID)

    assert type(raised.value) is kind
    assert (raised.value.problem.parameter, raised.value.problem.document["new"]) == ("width", 1)


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (b'<?xml version="1.0"?><Error><Code>MissingKey</Code></Error>', "MissingKey"),
        (b"", "HTTP 403"), (b"[1]", "HTTP 403"), (b"\xff\xfe", "HTTP 403"), (b"<html>gateway</html>", "HTTP 403"),
    ],
)  # fmt: skip
def test_a_refusal_that_is_no_problem_document_is_told_all_the_same(scripted, body, title):
    with pytest.raises(AccessDeniedError) as raised:
        scripted(httpx.Response(403, content=body)).get(IMAGE_ID)

    assert raised.value.problem.title == title


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"text"', b"{}", b'{"id": 1}'])
def test_an_answer_that_is_not_the_apis_is_told(scripted, body):
    with pytest.raises(UnexpectedAnswerError):
        scripted(httpx.Response(200, content=body)).get(IMAGE_ID)


def test_each_attempt_has_a_signature_of_its_own(service, connect):
    seen = []

    def fail_first(request):
        seen.append(request.headers["cookie"])
        return refusal(503) if len(seen) == 1 else None

    with pytest.raises(NotFoundError):  # the service accepted the signature, and has no such image
        connect(service.transport(before=fail_first)).get(IMAGE_ID)

    assert len(seen) == 2
    assert all(cookie.startswith("CloudFront-Expires=") for cookie in seen)


def test_a_key_that_the_edge_does_not_trust_is_denied(service, connect, ec_key):
    service._control.clear()

    with pytest.raises(AccessDeniedError) as denied:
        connect(service.transport()).get(IMAGE_ID)

    assert denied.value.problem.code == "InvalidKey"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), min_size=1, max_size=30))
def test_any_filename_and_cursor_is_signed_as_it_is_sent(client, service, text):
    """The edge checks the signature against the URL as it arrives: one that a library tidies up is refused."""
    assert client.upload(b"x", filename=text, content_type="image/png").status == "PROCESSING"
    with pytest.raises(InvalidRequestError, match="cursor"):  # the call got through to the function
        client.page(cursor=text)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=30))
def test_a_text_that_is_no_id_is_not_found_and_reaches_no_other_path(client, text):
    with pytest.raises(NotFoundError):
        client.get(text)
