"""POST /v1/images through its handler: forms that S3 will hold clients to, pictures taken directly, clear refusals."""

import base64
import json
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.shared.aws import client
from functions.shared.keys import is_ulid
from functions.shared.status import Status
from tests.fakes.aws import ORIGINALS, TABLE
from tests.fakes.faults import failing_call
from tests.fakes.gateway import Answer, proxy_event
from tests.fakes.handlers import Function
from tests.fakes.openapi import assert_described

INVISIBLE = (
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\ufeff\u200b\u2060\u2063\u00ad\u180e\u206a"
    "\U000e0041\u034f\u115f\u3164\uffa0\u17b4"
)
"""Marks of direction, spaces without width, fillers and tags: none of them is seen."""
JOINERS = "\u200c\u200d"

CAT = {"filename": "cat.jpg", "content_type": "image/jpeg", "size": 1234}


def record(aws, image_id: str) -> dict:
    return aws.items(f"IMAGE#{image_id}")["RECORD"]


def test_a_post_form_holds_the_client_to_type_and_size(post):
    answer = post(CAT)

    assert_described(answer.document, "Ticket")
    upload = answer.document["upload"]
    policy = json.loads(base64.b64decode(upload["fields"]["policy"]))
    assert answer.status == 201
    assert upload["method"] == "POST"
    assert {"Content-Type": "image/jpeg"} in policy["conditions"]
    assert ["content-length-range", 1234, 1234] in policy["conditions"]
    assert upload["fields"]["key"] == f"uploads/{answer.document['id']}/original"


@pytest.mark.parametrize("declared", ["image/jpg", "image/pjpeg", "image/x-png", "image/apng", "image/heif-sequence"])
def test_types_that_browsers_and_phones_send_are_accepted_in_both_forms_and_kept(post, aws, declared):
    presigned = post({**CAT, "content_type": declared}).document
    direct = post(b"picture", content_type=declared).document

    assert presigned["upload"]["fields"]["Content-Type"] == declared
    assert record(aws, presigned["id"])["content_type"] == declared
    assert record(aws, direct["id"])["content_type"] == declared


def test_a_put_form_signs_type_length_and_that_nothing_is_overwritten(post):
    upload = post({**CAT, "method": "PUT"}).document["upload"]

    signed = parse_qs(urlsplit(upload["url"]).query)["X-Amz-SignedHeaders"][0].split(";")
    assert signed == ["content-length", "content-type", "host", "if-none-match"]
    assert upload["headers"] == {"Content-Type": "image/jpeg", "If-None-Match": "*"}
    assert upload["expires_at"].endswith("Z")


def test_the_record_is_there_before_the_upload_and_ends_by_itself(post, aws):
    image_id = post({**CAT, "tenant": "acme", "owner": "u-1", "policy": "avatars"}).document["id"]

    written = record(aws, image_id)
    assert is_ulid(image_id)
    assert written["status"] == "AWAITING_UPLOAD"
    declared = (written["tenant"], written["owner"], written["policy"], written["filename"])
    assert declared == ("acme", "u-1", "avatars", "cat.jpg")
    created = datetime.fromisoformat(written["created_at"]).timestamp()
    assert written["expires_at"] - created == pytest.approx(15 * 86_400, abs=1)
    assert aws.items("DAYS").keys() == {written["listing_day"]}


def test_a_picture_sent_directly_is_stored_under_a_key_without_its_name(post, aws):
    answer = post(b"picture", content_type="image/png", query={"filename": "a b+c%25é.jpg", "policy": "avatars"})

    stored = aws.s3.get_object(Bucket=ORIGINALS, Key=f"uploads/{answer.document['id']}/original")
    assert answer.status == 202
    assert_described(answer.document, "Accepted")
    assert (stored["Body"].read(), stored["ContentType"]) == (b"picture", "image/png")
    written = record(aws, answer.document["id"])
    assert (written["filename"], written["policy"]) == ("a b+c%25é.jpg", "avatars")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"filename": ""}, "filename"),
        ({"filename": "x" * 256}, "filename"),
        ({"filename": "a\x00b"}, "filename"),
        ({"filename": "a\nb"}, "filename"),
        *(({"filename": f"a{sign}b.jpg"}, "filename") for sign in INVISIBLE),
        *(({"filename": f"{joiner}{name}"}, "filename") for joiner in JOINERS for name in ("é.jpg", "\u200dé", "a")),
        ({"filename": "gpj\u200d.exe"}, "filename"),
        ({"tenant": "a\u202e"}, "tenant"),
        ({"owner": "a\u200d"}, "owner"),
        ({"owner": "a\n"}, "owner"),
        ({"Tenant": "a"}, "Tenant"),
        ({"upload": {}, "size": 1}, "upload"),
        ({"filename": None}, "filename"),
        ({"content_type": "image/svg+xml"}, "content_type"),
        ({"content_type": 7}, "content_type"),
        ({"size": 0}, "size"),
        ({"size": "12"}, "size"),
        ({"size": True}, "size"),
        ({"method": "PATCH"}, "method"),
        ({"tenant": "no spaces"}, "tenant"),
        ({"owner": ""}, "owner"),
        ({"policy": ""}, "policy"),
        ({"policy": "a/b"}, "policy"),
    ],
)
def test_a_wrong_field_is_named(post, changed, field):
    answer = post({**CAT, **changed})

    assert answer.status == 400
    assert answer.problem()["field"] == field


@pytest.mark.parametrize(
    "name",
    [
        "a b+c%25é.jpg", "猫.jpg", "e\u0301.jpg", "👩\u200d👩\u200d👧.jpg", "❤️\u200d🔥.png", "🏳️\u200d🌈",
        "می\u200cخواهم.jpg", "क्\u200dष.jpg", "\u0600\u0661.jpg", "שלום.jpg", "مرحبا.jpg", "1️⃣.jpg", "葛\U000e0100.jpg",
    ],
)  # fmt: skip
def test_a_name_of_any_script_and_with_emoji_is_kept_as_it_is(post, aws, name):
    image_id = post({**CAT, "filename": name}).document["id"]

    assert record(aws, image_id)["filename"] == name


def test_an_unknown_member_is_named_with_those_that_are_known(post):
    problem = post({**CAT, "contentType": "image/png"}).problem()

    assert problem["field"] == "contentType"
    assert (
        problem["detail"]
        == "contentType: unknown; known are filename, tenant, owner, policy, content_type, size, method"
    )


@pytest.mark.parametrize("name", ["tenant", "owner", "policy", "filename", "x"])
def test_a_parameter_beside_a_json_body_is_refused_and_not_passed_over(post, aws, name):
    answer = post(CAT, query={name: "acme"})

    assert answer.status == 400
    assert answer.problem()["parameter"] == name
    assert answer.problem()["detail"] == f"{name}: unknown; this call takes none"
    assert not aws.items("DAYS")


@pytest.mark.parametrize("name", ["content_type", "size", "method", "Filename", "tenant "])
def test_an_unknown_parameter_beside_a_picture_is_named(post, name):
    answer = post(b"picture", content_type="image/png", query={"filename": "a.png", name: "x"})

    assert answer.status == 400
    assert answer.problem()["parameter"] == name
    assert answer.problem()["detail"] == f"{name}: unknown; known are filename, tenant, owner, policy"


def test_a_parameter_that_comes_twice_is_named(post):
    twice = {
        "queryStringParameters": {"tenant": "b"}, "multiValueQueryStringParameters": {"tenant": ["a", "b"]},
    }  # fmt: skip

    answer = post(b"picture", content_type="image/png", more=twice)

    assert answer.status == 400
    assert answer.problem()["parameter"] == "tenant"


def test_a_long_name_is_not_repeated_whole(post):
    assert len(post({**CAT, "x" * 5_000: 1}).problem()["field"]) == 64
    assert len(post(CAT, query={"x" * 5_000: "1"}).problem()["parameter"]) == 64


def test_all_faults_are_listed_at_once(post):
    problem = post({"filename": "", "size": 0}).problem()

    assert_described(problem, "Problem")
    assert {fault["field"] for fault in problem["errors"]} == {"filename", "content_type", "size"}


def test_a_size_over_the_limit_is_a_413_that_names_it(post):
    answer = post({**CAT, "size": 64 * 1024 * 1024 + 1})

    assert answer.status == 413
    assert answer.problem()["field"] == "size"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"text"', b"null", b"\xff", b"[" * 5000, b'{"size": 1' + b"0" * 5000 + b"}"]
)
def test_a_body_that_is_no_document_is_a_400(post, body):
    answer = post(body)

    assert answer.status == 400
    answer.problem()


def test_a_picture_over_what_lambda_takes_is_a_413_that_shows_the_presigned_call(post):
    answer = post(bytes(4_500_001), content_type="image/jpeg")

    assert answer.status == 413
    assert "presigned" in answer.problem()["detail"]


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "text/plain", ""])
def test_another_content_type_is_a_415_that_shows_the_right_call(post, content_type):
    answer = post(b"x", content_type=content_type)

    assert answer.status == 415
    assert "application/json" in answer.problem()["detail"]


def test_an_image_type_that_is_not_taken_is_named(post):
    answer = post(b"<svg/>", content_type="image/svg+xml")

    assert answer.status == 415
    assert answer.problem()["field"] == "content_type"


@pytest.mark.parametrize(
    "query", [{"filename": ""}, {"filename": "x" * 256}, {"tenant": "no spaces"}, {"owner": "\u202eé"}, {"policy": "é"}]
)
def test_a_wrong_parameter_of_a_picture_sent_directly_is_named(post, query):
    answer = post(b"picture", content_type="image/png", query=query)

    assert answer.status == 400
    assert answer.problem()["parameter"] == next(iter(query))


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_form_leads_to_the_bucket_s_own_region(post, method):
    url = post({**CAT, "method": method}).document["upload"]["url"]

    assert urlsplit(url).netloc == f"{ORIGINALS}.s3.eu-central-1.amazonaws.com"


def test_a_repeated_key_answers_with_the_first_id_and_a_form_that_works(post):
    first = post(CAT, **{"idempotency-key": "k-1"})
    second = post(CAT, **{"Idempotency-Key": "k-1"})

    assert second.document["id"] == first.document["id"]
    assert second.document["upload"]["fields"]["key"] == first.document["upload"]["fields"]["key"]


def set_status(aws, image_id: str, status: str) -> None:
    aws.put_item({**record(aws, image_id), "status": status})


@pytest.mark.parametrize("status", sorted(set(Status) - {"AWAITING_UPLOAD"}))
def test_a_repeated_key_says_what_has_become_of_the_image_and_gives_no_form_that_it_does_not_await(post, aws, status):
    image_id = post(CAT, **{"Idempotency-Key": "k-1"}).document["id"]
    set_status(aws, image_id, status)

    answer = post(CAT, **{"Idempotency-Key": "k-1"})

    assert answer.status == 200
    assert answer.document == {"id": image_id, "status": status}
    assert_described(answer.document, "Accepted")


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        ("AWAITING_UPLOAD", 202, "PROCESSING"),  # stored, and its event is on its way
        ("PROCESSING", 202, "PROCESSING"),
        ("PUBLISHED", 200, "PUBLISHED"),
        ("REJECTED", 200, "REJECTED"),
        ("REMOVED", 200, "REMOVED"),
    ],
)
def test_a_repeated_picture_says_what_has_become_of_the_first(post, aws, status, code, told):
    picture = {"content_type": "image/png", "Idempotency-Key": "k-1"}
    image_id = post(b"picture", **picture).document["id"]
    set_status(aws, image_id, status)

    answer = post(b"picture", **picture)

    assert (answer.status, answer.document) == (code, {"id": image_id, "status": told})


def test_a_repeated_key_whose_image_has_expired_is_gone(post, aws):
    image_id = post(CAT, **{"Idempotency-Key": "k-1"}).document["id"]
    aws.dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": f"IMAGE#{image_id}"}, "sk": {"S": "RECORD"}})

    answer = post(CAT, **{"Idempotency-Key": "k-1"})

    assert answer.status == 410
    assert answer.problem()["field"] == "Idempotency-Key"


def test_a_repeated_key_with_another_request_is_a_422(post):
    post(CAT, **{"Idempotency-Key": "k-1"})

    answer = post({**CAT, "size": 99}, **{"Idempotency-Key": "k-1"})

    assert answer.status == 422
    assert answer.problem()["field"] == "Idempotency-Key"


def test_a_repeated_key_with_another_picture_is_a_422(post):
    post(b"one", content_type="image/png", **{"Idempotency-Key": "k-1"})

    assert post(b"two", content_type="image/png", **{"Idempotency-Key": "k-1"}).status == 422


def test_tenants_do_not_share_keys(post):
    first = post({**CAT, "tenant": "a"}, **{"Idempotency-Key": "k-1"})

    assert post({**CAT, "tenant": "b"}, **{"Idempotency-Key": "k-1"}).document["id"] != first.document["id"]


def test_a_call_that_is_still_under_way_is_a_409(post, aws):
    first = post(CAT, **{"Idempotency-Key": "k-1"})
    (key,) = (sk for sk in aws.items("idempotency#upload"))
    remembered = aws.items("idempotency#upload")[key]
    later = remembered["expires_at"] * 1000
    aws.put_item({**remembered, "status": "INPROGRESS", "in_progress_expiration": later})

    answer = post(CAT, **{"Idempotency-Key": "k-1"})

    assert first.status == 201
    assert answer.status == 409
    assert answer.header("retry-after")


@pytest.mark.parametrize("number", range(5))
def test_a_busy_table_or_bucket_is_a_503_and_the_key_stays_usable(post, number):
    picture = {"content_type": "image/png", "Idempotency-Key": "k-1"}
    with failing_call([client("dynamodb"), client("s3")], number):
        broken = post(b"picture", **picture)

    repeated = post(b"picture", **picture)

    assert broken.status == 503
    assert broken.header("retry-after")
    broken.problem()
    # only where the first call ended and could not say so, its key waits until it is known to be over
    assert repeated.status == (409 if number == 4 else 202)


@pytest.mark.parametrize("key", ["x" * 256, "ä", "", "k\u202e", "k\u200b", "k\n"])
def test_an_unusable_key_is_named(post, key):
    answer = post(CAT, **{"Idempotency-Key": key})

    assert answer.status == 400
    assert answer.problem()["field"] == "Idempotency-Key"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.one_of(
        st.binary(max_size=64),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)),
        st.fixed_dictionaries(
            {},
            optional={
                "filename": st.text(max_size=300) | st.integers(),
                "content_type": st.sampled_from(["image/jpeg", "image/x", ""]) | st.text(max_size=20),
                "size": st.integers() | st.floats(allow_nan=False),
                "method": st.sampled_from(["PUT", "POST"]) | st.text(max_size=5),
                "tenant": st.text(max_size=10),
            },
        ),
    ),
    content_type=st.sampled_from(["application/json", "image/png", "IMAGE/JPEG; q=1", "text/html", "image/"]),
    query=st.dictionaries(st.sampled_from(["filename", "tenant", "owner", "policy", "x"]), st.text(max_size=20)),
    headers=st.dictionaries(st.sampled_from(["Idempotency-Key", "origin", "Accept", "X"]), st.text(max_size=20)),
)
def test_no_request_ends_in_a_500(post, body, content_type, query, headers):
    answer = post(body, content_type=content_type, query=query, **headers)

    assert 200 <= answer.status < 500
    if answer.status >= 400:
        answer.problem()


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_presigned_requests_name_the_endpoint_of_the_settings_and_the_bucket_in_the_path(aws, monkeypatch, method):
    monkeypatch.setenv("UPLOADS_ENDPOINT_URL", "http://localhost:7781")
    function = Function("upload", monkeypatch)
    body = json.dumps({**CAT, "method": method}).encode()

    event = proxy_event("POST", "/v1/images", body=body, headers={"Content-Type": "application/json"})
    upload = Answer(function(event)).document["upload"]

    assert upload["url"].startswith(f"http://localhost:7781/{ORIGINALS}")


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_presigned_requests_name_the_buckets_own_host_by_default(post, method):
    url = post({**CAT, "method": method}).document["upload"]["url"]

    assert url.startswith(f"https://{ORIGINALS}.s3.eu-central-1.amazonaws.com/")
