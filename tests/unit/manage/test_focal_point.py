"""PATCH sets the focal point: a new revision, and nothing of the old one stays where the CDN finds it."""

import json

import pytest

from functions.shared.aws import client
from tests.fakes.aws import GENERATED, PUBLISHED
from tests.fakes.faults import failing_call, hooked
from tests.fakes.openapi import assert_described
from tests.fakes.published_events import faults_of
from tests.unit.manage.conftest import image_id, put_image, record_of

CALLS = 8
"""Calls of a PATCH: two reads of the record, and those that start, write, list, delete, send and note between them."""
CLIENTS = ("stepfunctions", "dynamodb", "s3", "events")

pytestmark = pytest.mark.usefixtures("retirements")


def patch(call, identity, *, x=0.25, y=0.75):
    return call("PATCH", f"/v1/images/{identity}", json.dumps({"focal_point": {"x": x, "y": y}}).encode())


@pytest.mark.parametrize("status", ["PUBLISHED", "BLURRED"])
def test_the_record_gets_the_point_in_sixteenths_and_a_new_revision(call, aws, status):
    identity = put_image(aws, status=status, last_revision=3, revision=2)

    answer = patch(call, identity, x=0.26, y=0.75)

    assert answer.status == 200
    assert_described(answer.document, "Image")
    assert (answer.document["focal_point"], answer.document["revision"]) == ({"x": 0.25, "y": 0.75}, 4)
    record = record_of(aws, identity)
    assert (record["focal_point"], record["revision"], record["last_revision"]) == ([4, 12], 4, 4)
    assert [line["type"] for line in answer.document["history"]] == ["FOCAL_POINT"]


def test_variants_are_deleted_and_published_files_stay(call, aws):
    identity, other = put_image(aws), put_image(aws, 2)
    aws.put_objects(GENERATED, [f"images/{identity}/a", f"images/{other}/a"])
    aws.put_objects(PUBLISHED, [f"{identity}/1/master.jpg"])

    patch(call, identity)

    assert aws.keys(GENERATED) == [f"images/{other}/a"]
    assert aws.keys(PUBLISHED) == [f"{identity}/1/master.jpg"]


def test_the_event_comes_when_the_variants_are_deleted(call, aws):
    identity = put_image(aws)
    aws.put_objects(GENERATED, [f"images/{identity}/a"])
    seen = []

    def look(params, **_kwargs):
        seen.append((aws.keys(GENERATED), json.loads(params["body"])["Entries"][0]["Detail"]))

    client("events").meta.events.register("before-call.events.PutEvents", look)
    patch(call, identity)

    ((keys, detail),) = seen
    assert keys == []
    members = json.loads(detail)
    assert faults_of("Image Published", members) == []
    assert (members["image_id"], members["status"], members["revision"]) == (identity, "PUBLISHED", 2)
    assert members["width"] > 0


def test_the_same_point_again_makes_no_revision_and_repeats_the_rest(call, aws):
    identity = put_image(aws)
    patch(call, identity)
    aws.put_objects(GENERATED, [f"images/{identity}/a"])

    answer = patch(call, identity)

    assert answer.document["revision"] == 2
    assert aws.keys(GENERATED) == []


def test_a_retirement_is_started_before_the_record_is_written(call, aws, retirements):
    identity = put_image(aws)
    seen = []

    with hooked(
        client("dynamodb"), "before-call.dynamodb.TransactWriteItems",
        lambda **_kwargs: seen.append(list(retirements.started().values())),
    ):  # fmt: skip
        patch(call, identity)

    assert seen == [[{"image_id": identity}]]


def test_each_change_starts_a_retirement_of_its_own_and_a_repeated_one_none(call, aws, retirements):
    identity = put_image(aws)

    for x in (0.25, 0.25, 0.5):
        patch(call, identity, x=x)

    assert len(retirements.started()) == 2


@pytest.mark.parametrize("status", ["REMOVED", "PROCESSING"])
def test_a_refused_change_starts_no_retirement(call, aws, retirements, status):
    patch(call, put_image(aws, status=status))

    assert retirements.started() == {}


def test_the_record_says_that_the_event_is_to_be_sent_until_it_was(call, aws):
    identity = put_image(aws)
    seen = []

    with hooked(
        client("events"), "before-call.events.PutEvents",
        lambda **_kwargs: seen.append(record_of(aws, identity)["unannounced"]),
    ):  # fmt: skip
        patch(call, identity)

    assert seen == ["Image Published"]
    assert "unannounced" not in record_of(aws, identity)


@pytest.mark.parametrize("lost_answer", [False, True])
@pytest.mark.parametrize("number", range(CALLS))
def test_wherever_a_call_ends_a_written_change_is_left_to_a_retirement(call, aws, retirements, number, lost_answer):
    identity = put_image(aws)
    aws.put_objects(GENERATED, [f"images/{identity}/a"])

    with failing_call([client(name) for name in CLIENTS], number, lost_answer=lost_answer) as watch:
        answer = patch(call, identity)

    assert len(watch.names) > number
    record = record_of(aws, identity)
    if record["revision"] == 1:
        assert aws.announced() == []
        return
    assert list(retirements.started().values()) == [{"image_id": identity}]
    if answer.status != 200 and not aws.announced():
        assert record["unannounced"] == "Image Published"


@pytest.mark.parametrize("number", range(CALLS))
def test_a_call_that_failed_halfway_is_completed_at_once_by_repeating_it(call, aws, number):
    identity = put_image(aws)
    aws.put_objects(GENERATED, [f"images/{identity}/a"])

    with failing_call([client(name) for name in CLIENTS], number):
        assert patch(call, identity).status == 503
    assert patch(call, identity).status == 200

    assert record_of(aws, identity)["revision"] == 2
    assert aws.keys(GENERATED) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"[]", "body"),
        (b"{}", "focal_point"),
        (b'{"focal_point": null}', "focal_point"),
        (b'{"focal_point": {"x": 0.5}}', "focal_point.y"),
        (b'{"focal_point": {"x": 1.01, "y": 0}}', "focal_point.x"),
        (b'{"focal_point": {"x": 0, "y": -0.1}}', "focal_point.y"),
        (b'{"focal_point": {"x": "0.5", "y": 0}}', "focal_point.x"),
        (b'{"focal_point": {"x": true, "y": 0}}', "focal_point.x"),
        (b'{"focal_point": {"x": NaN, "y": 0}}', "focal_point.x"),
        (b'{"focal_point": {"x": 0, "y": 0, "z": 0}}', "focal_point.z"),
        (b'{"focal_point": {"x": 0, "y": 0}, "filename": "a"}', "filename"),
    ],
)
def test_a_body_with_a_fault_is_refused_with_the_members_name(call, aws, body, field):
    identity = put_image(aws)

    answer = call("PATCH", f"/v1/images/{identity}", body)

    assert (answer.status, answer.document["field"]) == (400, field)
    assert "focal_point" not in record_of(aws, identity)


@pytest.mark.parametrize(
    ("status", "answered"),
    [
        ("REMOVED", 410),
        ("PROCESSING", 409),
        ("BLOCKED", 409),
        ("REJECTED", 409),
        ("HELD", 409),
        ("AWAITING_UPLOAD", 409),
    ],
)
def test_an_image_that_is_not_served_cannot_be_changed(call, aws, status, answered):
    identity = put_image(aws, status=status)

    assert patch(call, identity).status == answered
    assert "focal_point" not in record_of(aws, identity)


def test_an_unknown_image_is_not_found(call, aws):
    assert patch(call, image_id(9)).status == 404


def test_revisions_are_left_for_processing_the_image_again(call, aws):
    identity = put_image(aws, last_revision=50)

    answer = patch(call, identity)

    assert (answer.status, record_of(aws, identity)["revision"]) == (409, 1)
