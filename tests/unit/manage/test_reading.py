"""GET of one image and of many, through the handler."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.gateway import Answer
from tests.fakes.handlers import Function
from tests.fakes.openapi import assert_described
from tests.unit.manage.conftest import image_id, put_image, put_labels_and_history, record_of

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
    record = record_of(aws, identity)
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


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_parameter_of_a_call_that_takes_none_is_named_and_nothing_is_done(call, aws, method):
    identity = put_image(aws)

    answer = call(method, f"/v1/images/{identity}", tenant="acme")

    assert answer.status == 400
    assert answer.problem()["parameter"] == "tenant"
    assert record_of(aws, identity)["status"] == "PUBLISHED"


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
