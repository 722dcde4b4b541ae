"""Records: typed values, pages one after the other, waiting."""

import itertools
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ulid import ULID

from functions.records.entries import Selection, Selector, entry
from functions.shared.status import Status as RecordedStatus
from image_scaler.client import (
    ConflictError,
    Image,
    NotFoundError,
    Page,
    Status,
    UnexpectedAnswerError,
    WaitTimeoutError,
)
from image_scaler.client.results import IN_PROGRESS, SERVED
from tests.fakes.machines import Machine
from tests.fakes.uploads_queue import UploadsQueue
from tests.unit.client.conftest import IMAGE_ID
from tests.unit.manage.conftest import image_id, put_failed, put_image, put_labels_and_history


def record(status: str, **more) -> httpx.Response:
    return httpx.Response(200, json={"id": IMAGE_ID, "status": status, **more})


def test_a_record_is_read_into_typed_values(client, aws):
    identity = put_image(aws)
    put_labels_and_history(aws, identity)

    image = client.get(identity)

    assert (image.id, image.status, image.is_served) == (identity, "PUBLISHED", True)
    assert (image.original.width, image.original.height, image.original.format) == (640, 400, "JPEG")
    assert image.size == (640, 200)
    assert (image.placeholder, image.dominant_color) == ("AAAA", "#112233")
    assert [(label.name, label.confidence) for label in image.labels] == [("Weapons", 91.5)]
    assert [(line.type, line.reason) for line in image.history] == [("REJECTED", "CORRUPT")]
    assert image.verdict.decision == "allow"


@pytest.mark.parametrize("number", range(5))
def test_each_selector_lists_its_images(client, aws, number):
    selected = {"owner": "alice", "status": "HELD", "verdict": "block", "sha256": "1" * 64, "label": "Bare Back"}
    name, value = list(selected.items())[number]
    put_image(aws, 9)
    facts = {"width": 640, "height": 400, "bytes": 99, "format": "JPEG"}
    changed = {
        "owner": {"owner": "alice"},
        "status": {"status": "HELD"},
        "verdict": {"verdict": {"decision": "block", "policy_version": "p1", "model_version": "7.0"}},
        "sha256": {"facts": facts | {"sha256": "1" * 64}},
    }
    identity = put_image(aws, 1, **changed.get(name, {}))
    if name == "label":
        aws.put_item(entry(Selection("default", Selector.LABEL, value), identity))

    assert [image.id for image in client.list(**{name: value})] == [identity]


def test_a_list_is_limited_to_a_time_range(client, aws):
    identity = put_image(aws)
    created = ULID.from_str(identity).datetime

    assert [image.id for image in client.list(since=created)] == [identity]
    assert list(client.list(since=created + timedelta(seconds=1))) == []
    assert list(client.list(until=created)) == []
    (image,) = client.list()
    assert (image.width, image.height, image.dominant_color) == (640, 400, "#112233")


def test_all_images_of_an_owner_are_removed_over_all_pages_and_held_ones_are_told(client, aws):
    Machine("remove")
    mine = [put_image(aws, number, owner="a:b@c.d") for number in range(27)]
    kept = put_image(aws, 30, owner="a:b@c.d", legal_hold=True)
    held = []

    removed = list(client.delete_owner("a:b@c.d", on_held=held.append))

    assert (sorted(removed), held) == (mine, [kept])


def test_a_legal_hold_is_set_and_released(client, aws):
    identity = put_image(aws)

    assert client.set_legal_hold(identity, enabled=True, reason="case 17").legal_hold
    with pytest.raises(ConflictError):
        client.delete(identity)
    image = client.set_legal_hold(identity, enabled=False, reason="closed")

    assert not image.legal_hold
    assert [(line.type, line.actor, line.detail) for line in image.history] == [
        ("LEGAL_HOLD_RELEASED", "service", "closed"),
        ("LEGAL_HOLD", "service", "case 17"),
    ]


def test_a_focal_point_is_set_and_read_back(client, aws):
    identity = put_image(aws)

    image = client.set_focal_point(identity, 0.26, 1)

    assert (image.focal_point, client.get(identity).focal_point) == ((0.25, 1.0), (0.25, 1.0))


def test_a_focal_point_of_an_image_that_is_not_published_is_a_conflict(client, aws):
    with pytest.raises(ConflictError, match="not published"):
        client.set_focal_point(put_image(aws, status="PROCESSING"), 0.5, 0.5)


def test_a_verdict_is_overridden_by_the_images_own_tenant(client, aws):
    Machine("retire")
    identity = put_image(aws, tenant="acme")

    with pytest.raises(NotFoundError):
        client.decide(identity, "block", reason="SEEN")
    found = client.decide(identity, "block", reason="SEEN", note="Twice", tenant="acme")

    assert (found["status"], found["outcome"]) == ("BLOCKED", "applied")
    assert client.get(identity).verdict.decision == "block"


def test_a_decision_that_the_status_does_not_accept_is_a_conflict(client, aws):
    with pytest.raises(ConflictError, match="An image that is PROCESSING can only be blocked"):
        client.decide(put_image(aws, status="PROCESSING"), "allow", reason="SEEN")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("?w=300&fit=cover&Policy=a&Signature=b&Key-Pair-Id=c", "w=300&fit=cover"),
        ("/fit=cover,format=webp,width=320?Expires=1", "canonical=fit%3Dcover%2Cformat%3Dwebp%2Cwidth%3D320"),
        ("?w=", "w="),
        ("", ""),
    ],
)
def test_an_explanation_asks_for_the_urls_parameters_without_its_signature(scripted, path, query):
    requests = []
    client = scripted(httpx.Response(200, json={"key": "k"}), requests=requests)

    assert client.explain(f"https://images.example.com/images/{IMAGE_ID}{path}", accept="image/webp") == {"key": "k"}

    (request,) = requests
    assert request.url.path == f"/v1/images/{IMAGE_ID}/explanation"
    assert request.url.query.decode() == query
    assert request.headers["accept"] == "image/webp"


def test_an_animation_tells_the_frames_that_are_published_and_where_a_label_was_found(scripted):
    label = {"name": "Weapons", "confidence": 91.5, "frame": 3, "rendering": "OVER_WHITE"}

    image = scripted(record("PUBLISHED", frames=64, labels=[label])).get(IMAGE_ID)

    assert image.frames == 64
    assert [(each.frame, each.rendering) for each in image.labels] == [(3, "OVER_WHITE")]


def test_a_record_of_an_older_release_tells_no_frames(scripted):
    image = scripted(record("PUBLISHED", labels=[{"name": "Weapons", "confidence": 91.5}])).get(IMAGE_ID)

    assert image.frames is None
    assert [(each.frame, each.rendering) for each in image.labels] == [(0, "OPAQUE")]


def test_members_and_statuses_of_a_later_release_are_kept(scripted):
    image = scripted(record("IN_APPEAL", colour_of_the_sky="blue")).get(IMAGE_ID)

    assert (image.status, image.in_progress, image.is_served) == ("IN_APPEAL", False, False)
    assert image.document["colour_of_the_sky"] == "blue"


def test_statuses_are_those_of_the_service():
    assert [each.value for each in Status] == [each.value for each in RecordedStatus]


def test_an_unknown_id_is_not_found(client):
    with pytest.raises(NotFoundError):
        client.get(IMAGE_ID)


def test_listing_goes_on_until_the_service_has_no_more(client, aws):
    for number in range(7):
        put_image(aws, number, day=f"2026-11-{20 + number // 3}", status="PUBLISHED" if number % 2 else "HELD")

    assert [image.id for image in client.list(page_size=2)] == [image_id(number) for number in range(6, -1, -1)]
    assert [image.id for image in client.list(status="HELD", page_size=2)] == [image_id(n) for n in (6, 4, 2, 0)]


def test_a_listing_is_of_one_tenant(client, aws):
    put_image(aws, 1)
    put_image(aws, 2, tenant="acme")

    assert [image.id for image in client.list(tenant="acme")] == [image_id(2)]
    assert [image.id for image in client.list()] == [image_id(1)]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(min_value=0, max_value=3), min_size=1, max_size=8))
def test_pages_may_be_short_or_empty_and_no_image_is_lost_or_repeated(scripted, lengths):
    numbers = itertools.count()
    pages = [[{"id": image_id(next(numbers)), "status": "PUBLISHED"} for _ in range(length)] for length in lengths]
    cursors = [*(f"c{place}" for place in range(1, len(pages))), None]
    requests = []
    answers = [
        httpx.Response(200, json={"items": items, "cursor": cursor})
        for items, cursor in zip(pages, cursors, strict=True)
    ]

    listed = list(scripted(*answers, requests=requests).list())

    assert [image.id for image in listed] == [item["id"] for page in pages for item in page]
    assert [request.url.params.get("cursor") for request in requests] == [None, *cursors[:-1]]


def test_a_page_has_the_cursor_of_the_next(client, aws):
    for number in range(3):
        put_image(aws, number)

    first = client.page(limit=2)
    second = client.page(limit=2, cursor=first.cursor)

    assert isinstance(first, Page)
    assert [image.id for image in (*first.items, *second.items)] == [image_id(n) for n in (2, 1, 0)]


def test_history_begins_with_the_record_and_goes_on_page_by_page(scripted):
    requests = []
    lines = [{"type": str(number), "at": "2026-11-24T09:00:00.000Z"} for number in range(5)]
    client = scripted(
        record("PUBLISHED", history=lines[:2], history_cursor="older"),
        httpx.Response(200, json={"items": lines[2:4], "cursor": "oldest"}),
        httpx.Response(200, json={"items": lines[4:], "cursor": None}),
        requests=requests,
    )

    assert [line.type for line in client.history(IMAGE_ID)] == ["0", "1", "2", "3", "4"]
    assert [request.url.path for request in requests] == [
        f"/v1/images/{IMAGE_ID}", *[f"/v1/images/{IMAGE_ID}/history"] * 2
    ]  # fmt: skip
    assert [request.url.params.get("cursor") for request in requests] == [None, "older", "oldest"]


# --- resuming


def test_images_are_resumed_and_skipped_ones_are_told(client, aws, clients):
    queue = UploadsQueue(clients["sqs"])
    put_failed(aws, 1, status="HELD")
    put_failed(aws, 2, updated_at="2026-11-01T00:00:00.000Z")
    put_failed(aws, 3, claimed_etag=None)
    put_failed(aws, 4)
    put_failed(aws, 5, tenant="acme")
    skipped, since = [], datetime(2026, 11, 24, 10, tzinfo=UTC)

    assert list(client.resume("FAILED", since=since, on_skipped=skipped.append)) == [image_id(4)]
    assert skipped == [image_id(3)]
    assert list(client.resume("FAILED", tenant="acme")) == [image_id(5)]
    assert len(queue.take()) == 2


def test_resuming_goes_on_until_the_service_has_no_more(scripted):
    requests = []
    pages = [(["1", "2"], "c1"), ([], "c2"), (["3"], None)]
    answers = [
        httpx.Response(202, json={"resumed": resumed, "skipped": [], "cursor": cursor}) for resumed, cursor in pages
    ]

    assert list(scripted(*answers, requests=requests).resume("HELD")) == ["1", "2", "3"]
    assert [json.loads(request.content) for request in requests] == [
        {"status": "HELD"}, {"status": "HELD", "cursor": "c1"}, {"status": "HELD", "cursor": "c2"}
    ]  # fmt: skip


# --- waiting


def test_waiting_ends_when_the_pipeline_is_done_and_tells_each_change(scripted):
    seen = []
    client = scripted(*map(record, ["AWAITING_UPLOAD", "PROCESSING", "PROCESSING", "REJECTED"]))

    image = client.wait(IMAGE_ID, on_change=lambda image: seen.append(image.status))

    assert image.status == "REJECTED"
    assert seen == ["AWAITING_UPLOAD", "PROCESSING", "REJECTED"]


def test_waiting_looks_less_and_less_often(scripted, pauses):
    scripted(*[record("PROCESSING")] * 12, record("PUBLISHED")).wait(IMAGE_ID)

    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.25, 5.0)


def test_waiting_ends_in_time_and_says_where_the_image_is(scripted):
    with pytest.raises(WaitTimeoutError, match=f"{IMAGE_ID} is still AWAITING_UPLOAD") as raised:
        scripted(record("AWAITING_UPLOAD")).wait(IMAGE_ID, within_seconds=0)

    assert (raised.value.image_id, raised.value.status) == (IMAGE_ID, "AWAITING_UPLOAD")


@pytest.mark.parametrize("status", sorted(set(Status) - IN_PROGRESS))
def test_every_status_that_does_not_change_by_itself_ends_the_wait(scripted, status):
    assert scripted(record(status)).wait(IMAGE_ID).is_served == (status in SERVED)


def test_a_removal_is_done_when_all_files_are_deleted(scripted):
    under_way = {"status": "IN_PROGRESS", "started_at": "2026-11-24T09:00:00.000Z", "step": "GENERATED"}
    client = scripted(
        record("REMOVED", removal=under_way),
        record("REMOVED", removal={**under_way, "step": "VARIANTS"}),
        record("REMOVED", removal={**under_way, "status": "DONE"}),
    )
    steps = []

    client.wait_until_gone(IMAGE_ID, on_change=lambda image: steps.append(image.removal.step))

    assert steps[:2] == ["GENERATED", "VARIANTS"]


def test_a_removal_may_be_repeated_and_is_waited_for(client, aws):
    Machine("remove")
    identity = put_image(aws)

    client.delete(identity)
    client.delete(identity)

    with pytest.raises(WaitTimeoutError, match=f"{identity} is still REMOVED"):
        client.wait_until_gone(identity, within_seconds=0)


MEMBERS = (
    "id",
    "status",
    "frames",
    "original",
    "renditions",
    "labels",
    "history",
    "removal",
    "created_at",
    "verdict",
    "x",
)
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers())


@given(st.dictionaries(st.sampled_from(MEMBERS), VALUES))
def test_any_document_is_an_image_or_a_told_mistake(document):
    try:
        image = Image.from_document(document)
    except UnexpectedAnswerError:
        return
    assert image.document is document
