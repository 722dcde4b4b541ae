"""How serve answers: statuses, conditional requests, headers, races and hostile requests."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.serve.conditional import is_not_modified
from functions.serve.responses import attachment
from functions.serve.settings import ServeSettings
from functions.shared.aws import client
from functions.shared.errors import SettingsError
from tests.fakes.aws import ENVIRONMENT, GENERATED, PUBLISHED, TABLE
from tests.fakes.faults import failing_call
from tests.fakes.hostile_json import texts
from tests.unit.serve.conftest import IMAGE_ID, WEBP_640

# --- what the image's status asks for


def test_an_unknown_image_is_not_found(serve):
    answer = serve.query({"w": "64"})

    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "public, max-age=5"
    assert answer.document == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no image with this id.",
    }


@pytest.mark.parametrize("status", ["AWAITING_UPLOAD", "PROCESSING", "IN_REVIEW", "HELD"])
def test_an_image_in_the_pipeline_is_to_be_asked_for_again(serve, library, status):
    library.record(status)

    answer = serve.query({"w": "64"})

    assert answer.status == 202
    assert answer.document == {"id": IMAGE_ID, "status": status}
    assert answer.headers["Retry-After"] == "2"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("status", "code"), [("REMOVED", 410), ("BLOCKED", 451), ("REJECTED", 404), ("FAILED", 404)])
def test_an_image_that_cannot_be_served_is_a_problem_for_a_short_time(serve, library, status, code):
    library.record(status)

    answer = serve.query({"w": "64"})

    assert answer.status == answer.document["status"] == code
    assert "max-age=" in answer.headers["Cache-Control"]
    assert "s-maxage" not in answer.headers["Cache-Control"]


def test_a_rejected_upload_says_why(serve, library):
    library.record("REJECTED", reason="CORRUPT")

    answer = serve.path()

    assert answer.document["image_status"] == "REJECTED"
    assert answer.document["reason"] == "CORRUPT"


def test_a_blurred_image_is_served(serve, library):
    library.publish(status="BLURRED")

    assert serve.path().status == 200


# --- images that were removed or moderated again


@pytest.mark.parametrize(("status", "code"), [("REMOVED", 410), ("BLOCKED", 451)])
def test_a_generated_variant_that_outlived_its_image_is_not_served(serve, library, aws, status, code):
    library.publish()
    serve.path()
    library.record(status)

    answer = serve.path()

    assert len(aws.keys(GENERATED)) == 1
    assert answer.status == code


def test_a_generated_variant_of_an_older_revision_is_made_anew(serve, library, aws):
    library.publish(revision=1)
    old = serve.path()
    library.publish(revision=2, status="BLURRED", seed=9)

    new = serve.path()

    assert new.body != old.body
    assert new.headers["ETag"] != old.headers["ETag"]
    assert aws.s3.head_object(Bucket=GENERATED, Key=f"images/{IMAGE_ID}/{WEBP_640}")["Metadata"]["revision"] == "2"


def test_an_image_removed_while_it_is_served_does_not_come_back(serve, library, aws, after_storing):
    library.publish()
    after_storing(lambda: library.record("REMOVED"))

    answer = serve.path()

    assert answer.status == 410
    assert aws.keys(GENERATED) == []


def test_an_image_judged_anew_while_it_is_served_comes_in_its_new_revision(serve, library, aws, after_storing):
    library.publish(revision=1)
    after_storing(lambda: library.publish(revision=2, status="BLURRED", seed=9))

    answer = serve.path()

    assert answer.status == 200
    assert aws.s3.head_object(Bucket=GENERATED, Key=f"images/{IMAGE_ID}/{WEBP_640}")["Metadata"]["revision"] == "2"
    assert serve.path().body == answer.body


def test_an_image_that_keeps_changing_is_to_be_asked_for_again(serve, library, aws, after_storing):
    library.publish(revision=1)
    revisions = iter(range(2, 10))
    after_storing(lambda: library.publish(revision=next(revisions)))

    answer = serve.path()

    assert answer.status == 503
    assert answer.headers["Retry-After"] == "2"
    assert aws.keys(GENERATED) == []


def test_a_record_that_is_gone_after_storing_leaves_nothing_behind(serve, library, aws, after_storing):
    library.publish()
    key = {"pk": {"S": f"IMAGE#{IMAGE_ID}"}, "sk": {"S": "RECORD"}}
    after_storing(lambda: aws.dynamodb.delete_item(TableName=TABLE, Key=key))

    answer = serve.path()

    assert answer.status == 404
    assert aws.keys(GENERATED) == []


def test_a_rendition_that_is_gone_is_asked_for_again_later(serve, library, aws):
    picture = library.publish()
    for rendition in (picture.master, *picture.renditions):
        aws.s3.delete_object(Bucket=PUBLISHED, Key=rendition.key)

    assert serve.path().status == 503


@pytest.mark.parametrize("number", range(6))
def test_a_dependency_out_of_reach_is_a_503_at_every_call(serve, library, number):
    library.publish()

    with failing_call([client("s3"), client("dynamodb")], number):
        answer = serve.path()

    assert answer.status == 503
    assert answer.headers["Cache-Control"] == "no-store"
    assert serve.path().status == 200


@pytest.mark.parametrize("call", ["s3.PutObject", "dynamodb.GetItem"])
def test_a_variant_whose_image_could_not_be_looked_at_again_is_not_kept(serve, library, aws, call):
    library.publish()
    number = {"s3.PutObject": 4, "dynamodb.GetItem": 5}[call]

    with failing_call([client("s3"), client("dynamodb")], number, lost_answer=True) as watch:
        answer = serve.path()

    assert watch.names[number] == call
    assert answer.status == 503
    assert watch.names[-1] == "s3.DeleteObject"
    assert aws.keys(GENERATED) == []


def test_a_new_variant_costs_three_reads_of_the_record_and_three_calls_of_s3(serve, library):
    library.publish()

    with failing_call([client("s3"), client("dynamodb")], None) as watch:
        serve.path()

    assert watch.names == [
        "dynamodb.GetItem", "s3.GetObject", "s3.GetObject", "dynamodb.GetItem", "s3.PutObject", "dynamodb.GetItem",
    ]  # fmt: skip


@pytest.mark.parametrize("delivery", ["v1", "v2"])
def test_of_an_image_removed_while_a_variant_is_made_nothing_is_even_stored(serve_with, library, delivery):
    serve = serve_with(DELIVERY=delivery)
    library.publish()
    client("s3").meta.events.register("after-call.s3.GetObject", lambda **_: library.record("REMOVED"))

    with failing_call([client("s3")], None) as watch:
        answer = serve.path()

    assert answer.status == 410
    assert "s3.PutObject" not in watch.names


# --- conditional requests and HEAD


def test_a_client_that_has_the_variant_gets_304_and_no_picture_is_read(serve, library):
    library.publish()
    first = serve.path()

    with failing_call([client("s3")], 0):
        answer = serve.path(headers={"If-None-Match": f'"other", {first.headers["ETag"]}'})

    assert answer.status == 304
    assert answer.raw["body"] == ""
    assert answer.headers == {name: first.headers[name] for name in ("Cache-Control", "ETag", "Last-Modified")}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"1-0000000000000000"'}, 200),
        ({"If-None-Match": "garbage"}, 200),
        ({"If-Modified-Since": "Tue, 24 Nov 2026 10:00:05 GMT"}, 304),
        ({"If-Modified-Since": "Tue, 24 Nov 2026 10:00:05 -0000"}, 304),
        ({"If-Modified-Since": "Tue, 24 Nov 2026 10:00:04 GMT"}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Modified-Since": "Tue, 99 Nov 99999999999 10:00:04 GMT"}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": "Tue, 24 Nov 2026 10:00:05 GMT"}, 200),
    ],
)
def test_conditions_are_those_of_http(serve, library, headers, status):
    library.publish()

    assert serve.path(headers=headers).status == status


def test_each_variant_has_an_etag_of_its_own(serve, library):
    library.publish()

    tags = {serve.query({"w": width, "f": "jpeg"}).headers["ETag"] for width in ("64", "128")}

    assert len(tags) == 2


def test_head_has_the_headers_of_get_and_no_body(serve, library):
    library.publish()
    get = serve.path()

    head = serve.path(method="HEAD")

    assert head.status == 200
    assert head.raw["body"] == ""
    assert {**head.headers, "Server-Timing": ""} == {**get.headers, "Server-Timing": ""}


@given(date=st.text(max_size=40))
def test_no_date_that_a_client_sends_raises(date):
    is_not_modified(
        if_none_match="", if_modified_since=date, etag='W/"1"', last_modified="Tue, 24 Nov 2026 10:00:05 GMT"
    )


# --- headers


def test_a_picture_cannot_be_taken_for_anything_else(serve, library):
    library.publish()

    headers = serve.path().headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["Last-Modified"] == "Tue, 24 Nov 2026 10:00:05 GMT"
    assert headers["ETag"].startswith('W/"1-')
    assert "Content-Disposition" not in headers
    assert "immutable" not in headers["Cache-Control"]


@pytest.mark.parametrize("name", ["cat", "\ud800"])
def test_a_download_has_the_name_that_is_asked_for(serve, library, name):
    library.publish()
    disposition = attachment(name, "image/webp")

    assert serve.path(download=name).headers["Content-Disposition"] == disposition
    assert serve.query({"w": "64", "f": "webp", "download": name}).headers["Content-Disposition"] == disposition


# --- what clients get wrong


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"width": "0"}, "width"),
        ({"w": "-1"}, "width"),
        ({"width": "1e9"}, "width"),
        ({"width": ""}, "width"),
        ({"width": ["1", "2"]}, "width"),
        ({"width": "٣"}, "width"),
        ({"w": "1", "width": "1"}, "width"),
        ({"q": "101"}, "quality"),
        ({"fit": "crop"}, "fit"),
        ({"f": "svg"}, "format"),
        ({"position": "up"}, "position"),
        ({"background": "red"}, "background"),
        ({"download": ""}, "download"),
    ],
)
def test_a_bad_parameter_is_a_400_that_names_it(serve, library, query, parameter):
    library.publish()

    answer = serve.query(query)

    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.document["parameter"] == parameter
    assert answer.document["detail"].startswith(f"{parameter} ")


def test_a_bad_download_name_beside_a_canonical_path_is_a_400(serve):
    assert serve.path(download="").document["parameter"] == "download"


@pytest.mark.parametrize("image_id", ["", "x", IMAGE_ID.lower(), f"{IMAGE_ID}\n", "../x", "..%2F..", "\x00", "9" * 26])
def test_a_malformed_id_is_not_found(serve, image_id):
    assert serve.query({"w": "64"}, image_id=image_id).status == 404
    assert serve.path(image_id=image_id).status == 404


@pytest.mark.parametrize(
    "canonical",
    ["", "w=640", "..", "../..", "a/b", "%2e%2e", "\x00", "\ud800", f"{WEBP_640}/", f"{WEBP_640},", "x" * 9000],
)
def test_a_path_that_is_not_canonical_is_not_found(serve, library, canonical):
    library.publish()

    answer = serve.path(canonical)

    assert answer.status == 404
    assert "canonical" in answer.document["detail"]


def test_other_methods_are_refused(serve):
    answer = serve.path(method="POST")

    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD"


def test_an_event_without_any_maps_is_an_answer(serve):
    empty = dict.fromkeys(("headers", "multiValueHeaders", "queryStringParameters", "pathParameters"))

    assert serve.raw({"httpMethod": "GET", **empty}).status == 404


def test_single_valued_maps_are_enough(serve, library):
    library.publish()
    event = serve.event("query_form")
    event |= {"multiValueHeaders": None, "multiValueQueryStringParameters": None}
    event["queryStringParameters"] = {"width": "64", "x": None}

    answer = serve.raw(event)

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/avif"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    image_id=st.one_of(st.just(IMAGE_ID), texts),
    canonical=st.one_of(st.none(), texts),
    query=st.dictionaries(
        st.one_of(st.sampled_from(["width", "h", "fit", "f", "q", "position", "download"]), texts),
        st.lists(texts, min_size=1, max_size=2),
        max_size=4,
    ),
    headers=st.dictionaries(st.sampled_from(["Accept", "If-None-Match", "If-Modified-Since"]), texts),
)
def test_nothing_that_a_client_sends_is_a_server_error(serve, image_id, canonical, query, headers):
    event = serve.event("query_form", image_id=image_id, headers=headers)
    event["pathParameters"] = {"id": image_id, **({} if canonical is None else {"canonical": canonical})}
    event["multiValueQueryStringParameters"] = query

    answer = serve.raw(event)

    assert answer.status in {400, 404}
    assert json.loads(answer.raw["body"])["status"] == answer.status
    assert len(json.dumps(answer.raw, ensure_ascii=False).encode("utf-8")) < 100_000


# --- settings


def test_all_faults_of_the_settings_are_reported_together():
    with pytest.raises(SettingsError) as error:
        ServeSettings.from_environment({**ENVIRONMENT, "TABLE_NAME": "", "DELIVERY": "v3", "SIZES": "any"})

    assert all(name in str(error.value) for name in ("TABLE_NAME", "DELIVERY", "SIZES"))


def test_an_answer_and_what_is_stored_name_their_image_for_cloudfront(serve, library, aws):
    library.publish(revision=1)

    answer = serve.path()

    assert answer.headers["X-Amz-Meta-cache-tag"] == IMAGE_ID
    stored = aws.s3.head_object(Bucket=GENERATED, Key=f"images/{IMAGE_ID}/{WEBP_640}")["Metadata"]
    assert stored["cache-tag"] == IMAGE_ID
