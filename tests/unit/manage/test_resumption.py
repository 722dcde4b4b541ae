"""POST /v1/resumptions, through the handler: which images are resumed, how, and which requests are refused."""

import json

import pytest

from functions.manage.resumption import IMAGES_PER_CALL
from functions.shared.aws import client
from functions.shared.keys import original_key
from tests.fakes.aws import ORIGINALS
from tests.fakes.faults import failing_call
from tests.fakes.openapi import assert_described
from tests.unit.manage.conftest import image_id, put_failed


@pytest.fixture
def resume(call, uploads):
    """Resume images: the members of the body."""
    return lambda **members: call("POST", "/v1/resumptions", json.dumps(members).encode())


def keys_in(uploads):
    return [event["detail"]["object"]["key"] for event in uploads.take()]


def test_an_image_is_resumed_by_the_event_of_its_claimed_upload(resume, aws, uploads):
    identity = put_failed(aws)

    answer = resume(status="FAILED")

    assert answer.status == 202
    assert_described(answer.document, "Resumption")
    assert answer.document == {"resumed": [identity], "skipped": [], "cursor": None}
    (event,) = uploads.take()
    assert event["resume"] is True
    assert event["detail"] == {
        "bucket": {"name": ORIGINALS},
        "object": {
            "key": original_key(identity), "size": 7, "etag": "e" * 32, "version-id": "v1", "sequencer": "00AA",
        },
    }  # fmt: skip


@pytest.mark.parametrize("status", ["FAILED", "HELD"])
def test_only_images_of_the_status_and_of_the_tenant_are_resumed(resume, aws, uploads, status):
    for number, each in enumerate(["FAILED", "HELD", "PUBLISHED", "REMOVED", "PROCESSING"]):
        put_failed(aws, number, status=each)
        put_failed(aws, 10 + number, status=each, tenant="acme")
    wanted = image_id(10 + ["FAILED", "HELD"].index(status))

    answer = resume(status=status, tenant="acme")

    assert answer.document["resumed"] == [wanted]
    assert keys_in(uploads) == [original_key(wanted)]


@pytest.mark.parametrize("missing", ["claimed_etag", "claimed_size", "sequencer"])
def test_an_image_whose_record_does_not_identify_its_upload_is_skipped_and_listed(resume, aws, uploads, missing):
    lost, kept = put_failed(aws, 1, **{missing: None}), put_failed(aws, 2)

    assert resume(status="FAILED").document == {"resumed": [kept], "skipped": [lost], "cursor": None}
    assert keys_in(uploads) == [original_key(kept)]


@pytest.mark.parametrize(
    ("since", "numbers"),
    [
        ("2026-11-24T10:00:00Z", [3, 2]),
        ("2026-11-24T12:00:00.001+02:00", [3]),
        ("2026-11-24T09:59:59.999Z", [3, 2]),
        ("0001-01-01T00:00:00+14:00", [3, 2, 1]),
        (None, [4, 3, 2, 1]),
    ],
)
def test_since_selects_records_that_were_updated_then_or_later(resume, aws, uploads, since, numbers):
    put_failed(aws, 1, updated_at="2026-11-24T09:00:00.000Z")
    put_failed(aws, 2, updated_at="2026-11-24T10:00:00Z")
    put_failed(aws, 3, updated_at="2026-11-24T11:00:00.000Z")
    put_failed(aws, 4, updated_at=None)

    assert resume(status="FAILED", since=since).document["resumed"] == [image_id(number) for number in numbers]


def test_one_call_resumes_a_bounded_number_and_the_cursor_continues(resume, aws, uploads):
    for number in range(IMAGES_PER_CALL + 1):
        put_failed(aws, number)

    first = resume(status="FAILED", cursor=None).document
    second = resume(status="FAILED", cursor=first["cursor"]).document

    assert len(first["resumed"]) == IMAGES_PER_CALL
    assert second == {"resumed": [image_id(0)], "skipped": [], "cursor": second["cursor"]}
    assert len(keys_in(uploads)) == IMAGES_PER_CALL + 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "status"),
        ({"status": "PUBLISHED"}, "status"),
        ({"status": "failed"}, "status"),
        ({"status": ["FAILED"]}, "status"),
        ({"status": "FAILED", "since": "yesterday"}, "since"),
        ({"status": "FAILED", "since": "2026-11-24T10:00:00"}, "since"),
        ({"status": "FAILED", "since": "2026-11-31T10:00:00Z"}, "since"),
        ({"status": "FAILED", "since": "1764000000"}, "since"),
        ({"status": "FAILED", "since": 1764000000}, "since"),
        ({"status": "FAILED", "tenant": "no spaces"}, "tenant"),
        ({"status": "FAILED", "cursor": "nonsense"}, "cursor"),
        ({"status": "FAILED", "cursor": 5}, "cursor"),
        ({"status": "FAILED", "ids": []}, "ids"),
        ([], "body"),
    ],
)
def test_a_wrong_member_is_named_and_nothing_is_resumed(call, aws, uploads, body, field):
    put_failed(aws)

    answer = call("POST", "/v1/resumptions", json.dumps(body).encode())

    assert answer.status == 400
    assert answer.problem()["field"] == field
    assert uploads.take() == []


def test_an_unknown_member_is_told_the_known_ones(resume):
    assert "known are status, since, tenant, cursor" in resume(status="FAILED", ids=[]).problem()["detail"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff"])
def test_a_body_that_is_no_json_is_a_400(call, body):
    assert call("POST", "/v1/resumptions", body).problem()["status"] == 400


def test_a_query_parameter_is_named(call):
    assert call("POST", "/v1/resumptions", b'{"status": "FAILED"}', tenant="acme").problem()["parameter"] == "tenant"


def test_a_call_that_the_queue_ends_is_a_503_and_repeating_it_resumes_all(resume, aws, uploads):
    put_failed(aws, 1)
    put_failed(aws, 2)

    with failing_call([client("sqs")], 1):
        assert resume(status="FAILED").problem()["status"] == 503

    assert resume(status="FAILED").document["resumed"] == [image_id(2), image_id(1)]
    assert keys_in(uploads) == [original_key(image_id(number)) for number in (2, 2, 1)]
