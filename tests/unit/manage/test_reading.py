"""GET of one image and of many, through the handler."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.records.cursors import Cursor
from functions.records.listing import MAX_QUERIES
from tests.fakes.gateway import Answer
from tests.fakes.handlers import Function
from tests.fakes.openapi import assert_described
from tests.unit.manage.conftest import image_id, put_image, put_labels_and_history

EVENT = Path(__file__).resolve().parents[2] / "events" / "api" / "get-images.json"


def test_a_record_shows_original_verdict_labels_renditions_and_history(call, aws):
    identity = put_image(aws)
    put_labels_and_history(aws, identity)

    shown = call("GET", f"/v1/images/{identity}").document

    assert_described(shown, "Image")
    assert shown["original"]["format"] == "JPEG"
    assert shown["policy_version"] == "p1"
    assert shown["labels"][0]["name"] == "Weapons"
    assert [each["width"] for each in shown["renditions"]] == [320, 640]
    assert shown["url_path"] == f"/images/{identity}"
    assert [event["type"] for event in shown["history"]] == ["REJECTED"]
    assert "key" not in shown["renditions"][0]


def test_a_record_shows_how_many_frames_came_and_how_many_are_published(call, aws):
    identity = put_image(aws)
    record = aws.items(f"IMAGE#{identity}")["RECORD"]
    record["facts"]["frames"], record["picture"]["master"]["frames"] = 200, 64
    aws.put_item(record)

    shown = call("GET", f"/v1/images/{identity}").document

    assert_described(shown, "Image")
    assert (shown["original"]["frames"], shown["frames"]) == (200, 64)


def test_a_record_of_a_release_that_counted_no_frames_is_shown_without_them(call, aws):
    shown = call("GET", f"/v1/images/{put_image(aws)}").document

    assert_described(shown, "Image")
    assert "frames" not in shown


def test_a_label_shows_the_frame_and_the_rendering_in_which_it_was_found(call, aws):
    identity = put_image(aws)
    label = {"name": "Violence", "parent": "", "confidence": 91, "taxonomy_level": 1, "frame": 3, "rendering": "ALPHA"}
    aws.put_item({"pk": f"IMAGE#{identity}", "sk": "LABELS", "labels": [label]})

    shown = call("GET", f"/v1/images/{identity}").document

    assert_described(shown, "Image")
    assert (shown["labels"][0]["frame"], shown["labels"][0]["rendering"]) == (3, "ALPHA")


@pytest.mark.parametrize("status", ["BLOCKED", "PROCESSING", "HELD"])
def test_what_is_not_served_has_no_address_and_no_renditions(call, aws, status):
    shown = call("GET", f"/v1/images/{put_image(aws, status=status)}").document

    assert shown["status"] == status
    assert "url_path" not in shown
    assert "renditions" not in shown


def test_an_error_is_named_without_its_cause(call, aws):
    identity = put_image(aws, status="FAILED", error={"error": "States.Timeout", "cause": "secret trace"})

    assert call("GET", f"/v1/images/{identity}").document["error"] == "States.Timeout"


@pytest.mark.parametrize("identity", [image_id(99), "nonsense", "x" * 3000, image_id(1).lower()])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_id_that_no_image_has_is_a_404(call, method, identity):
    answer = call(method, f"/v1/images/{identity}")

    assert answer.status == 404
    answer.problem()


def test_another_method_is_a_404_problem(call):
    assert call("PUT", "/v1/images/x").problem()["status"] == 404


def test_images_come_newest_first_in_pages_over_days(call, aws):
    for number, day in enumerate(["2026-11-20", "2026-11-20", "2026-11-22", "2026-11-24", "2026-11-24"]):
        put_image(aws, number, day=day)

    seen, cursor = [], None
    for _ in range(10):
        page = call("GET", "/v1/images", limit="2", **({"cursor": cursor} if cursor else {})).document
        seen += [item["id"] for item in page["items"]]
        cursor = page["cursor"]
        if cursor is None:
            break

    assert seen == [image_id(number) for number in (4, 3, 2, 1, 0)]
    assert cursor is None


def test_a_status_filters_without_losing_any(call, aws):
    for number in range(7):
        put_image(aws, number, status="HELD" if number % 3 == 0 else "PUBLISHED")

    first = call("GET", "/v1/images", status="HELD", limit="2").document
    assert_described(first, "Page")
    rest = call("GET", "/v1/images", status="HELD", limit="2", cursor=first["cursor"]).document

    assert [item["id"] for item in (*first["items"], *rest["items"])] == [image_id(n) for n in (6, 3, 0)]


def test_a_filter_that_matches_nothing_costs_a_bounded_number_of_queries(call, aws):
    for number in range(25):
        put_image(aws, number, day=f"2026-10-{number + 1:02d}")

    page = call("GET", "/v1/images", status="HELD").document

    assert page["items"] == []
    assert page["cursor"] is not None


def test_an_empty_library_is_an_empty_page(call):
    assert call("GET", "/v1/images").document == {"items": [], "cursor": None}


def test_a_page_has_one_tenants_images_and_no_other_ones(call, aws):
    tenants = ["default", "acme", "other"]
    for number in range(9):
        put_image(aws, number, tenant=tenants[number % 3])

    for tenant in ("acme", "other"):
        page = call("GET", "/v1/images", tenant=tenant).document
        assert [item["tenant"] for item in page["items"]] == [tenant] * 3
    assert {item["tenant"] for item in call("GET", "/v1/images").document["items"]} == {"default"}
    assert call("GET", "/v1/images", tenant="nobody").document == {"items": [], "cursor": None}


def test_pages_of_a_tenant_lose_none_and_tell_no_other_image(call, aws):
    for number in range(125):
        put_image(aws, number, tenant="acme" if number % 25 == 0 else "other")

    seen, cursor, told = [], None, []
    for _ in range(10):
        page = call("GET", "/v1/images", tenant="acme", limit="2", **({"cursor": cursor} if cursor else {})).document
        seen += [item["id"] for item in page["items"]]
        cursor = page["cursor"]
        if cursor is None:
            break
        told.append(Cursor.decode(cursor).before)

    assert seen == [image_id(number) for number in (100, 75, 50, 25, 0)]
    assert {each for each in told if each} <= {*seen, Cursor.AFTER_ALL}


def test_where_a_long_search_stops_no_other_tenants_image_is_told(call, aws):
    for number in range(101):
        put_image(aws, number, tenant="other", day="2026-10-01")
    for day in range(2, MAX_QUERIES + 1):
        put_image(aws, 200 + day, tenant="other", day=f"2026-10-{day:02d}")

    cursor = Cursor.decode(call("GET", "/v1/images", tenant="acme").document["cursor"])

    assert (cursor.day, cursor.before) == ("2026-10-01", image_id(1)[:14])
    assert call("GET", "/v1/images", tenant="acme", cursor=cursor.encode()).status == 200


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_parameter_of_a_call_that_takes_none_is_named_and_nothing_is_done(call, aws, method):
    identity = put_image(aws)

    answer = call(method, f"/v1/images/{identity}", tenant="acme")

    assert answer.status == 400
    assert answer.problem()["parameter"] == "tenant"
    assert aws.items(f"IMAGE#{identity}")["RECORD"]["status"] == "PUBLISHED"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"offset": "1"}, "offset"),
        ({"Status": "HELD"}, "Status"),
        ({"tenant": "no spaces"}, "tenant"),
        ({"tenant": ""}, "tenant"),
        ({"tenant": "a\u202e"}, "tenant"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"status": "LOST"}, "status"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "ä"}, "cursor"),
        ({"cursor": ""}, "cursor"),
        ({"cursor": f"{Cursor('2026-11-24', image_id(1)).encode()}!"}, "cursor"),
    ],
)
def test_a_wrong_parameter_is_named(call, query, parameter):
    answer = call("GET", "/v1/images", **query)

    assert answer.status == 400
    assert answer.problem()["parameter"] == parameter


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "DELETE", "PUT"]),
    path=st.text(max_size=40).map(lambda tail: f"/v1/images/{tail}") | st.just("/v1/images"),
    query=st.dictionaries(st.sampled_from(["limit", "status", "cursor", "x"]), st.text(max_size=20)),
)
def test_no_request_ends_in_a_500(call, method, path, query):
    answer = call(method, path, **query)

    assert 200 <= answer.status < 500
    if answer.status >= 400:
        answer.problem()


def test_a_whole_event_of_api_gateway_is_understood(aws, monkeypatch):
    event = json.loads(EVENT.read_text(encoding="utf-8"))
    put_image(aws, 1)
    put_image(aws, 2, status="HELD")

    answer = Answer(Function("manage", monkeypatch)(event))

    assert [item["id"] for item in answer.document["items"]] == [image_id(1)]


def test_a_listing_shows_an_image_whose_picture_this_release_cannot_read(call, aws):
    identity = put_image(aws, picture={"of": "another release"})

    assert [item["id"] for item in call("GET", "/v1/images").document["items"]] == [identity]
