"""The history of one image: its newest lines with the record, all of it by pages, however long it is."""

import pytest

from functions.records.cursors import HistoryCursor
from functions.shared.aws import client
from tests.fakes.faults import failing_call
from tests.fakes.openapi import assert_described
from tests.unit.manage.conftest import image_id, put_image, put_labels_and_history


def pages(call, identity, **query):
    """Return the pages of an image's history."""
    found, cursor = [], None
    while not found or cursor is not None:
        assert len(found) < 50
        answer = call("GET", f"/v1/images/{identity}/history", **query, **({"cursor": cursor} if cursor else {}))
        assert_described(answer.document, "History")
        found.append(answer.document["items"])
        cursor = answer.document["cursor"]
    return found


@pytest.mark.parametrize("lines", [0, 1, 25])
def test_a_short_history_comes_whole_with_its_record_newest_first(call, aws, lines):
    identity = put_image(aws)
    put_labels_and_history(aws, identity, lines=lines)

    shown = call("GET", f"/v1/images/{identity}").document

    times = [line["at"] for line in shown["history"]]
    assert len(times) == lines
    assert times == sorted(times, reverse=True)
    assert shown["history_cursor"] is None


@pytest.mark.parametrize("labelled", [True, False])
def test_of_a_long_history_the_newest_lines_come_and_the_cursor_leads_to_the_rest(call, aws, labelled):
    identity = put_image(aws)
    put_labels_and_history(aws, identity, lines=70)
    if not labelled:
        aws.dynamodb.delete_item(
            TableName="image-scaler", Key={"pk": {"S": f"IMAGE#{identity}"}, "sk": {"S": "LABELS"}}
        )

    shown = call("GET", f"/v1/images/{identity}").document
    rest = call("GET", f"/v1/images/{identity}/history", limit="100", cursor=shown["history_cursor"]).document

    assert len(shown["history"]) == 25
    assert bool(shown["labels"]) is labelled
    together = [line["at"] for line in (*shown["history"], *rest["items"])]
    assert together == sorted(together, reverse=True)
    assert len(set(together)) == 70
    assert rest["cursor"] is None


@pytest.mark.parametrize(("limit", "sizes"), [("1", [1] * 7), ("3", [3, 3, 1]), ("7", [7]), ("100", [7])])
def test_pages_hold_every_line_once(call, aws, limit, sizes):
    identity = put_image(aws)
    put_labels_and_history(aws, identity, lines=7)

    found = pages(call, identity, limit=limit)

    assert [len(page) for page in found] == sizes
    assert len({line["at"] for page in found for line in page}) == 7


def test_uploads_that_were_not_claimed_are_one_line_with_a_count(call, aws):
    identity = put_image(aws)
    put_labels_and_history(aws, identity)
    line = {"type": "SECOND_UPLOAD", "count": 60, "first_at": "2026-11-24T09:00:00.000Z",
            "at": "2026-11-24T10:00:00.000Z", "sequencer": "0067"}  # fmt: skip
    aws.put_item({"pk": f"IMAGE#{identity}", "sk": "EVENT#SECOND_UPLOAD", **line})

    shown = call("GET", f"/v1/images/{identity}").document

    del line["sequencer"]
    assert shown["history"][0] == line
    assert_described(shown, "Image")


def test_a_record_and_a_page_cost_the_same_however_long_the_history_is(call, aws):
    short, long = put_image(aws, 1), put_image(aws, 2)
    put_labels_and_history(aws, short, lines=1)
    put_labels_and_history(aws, long, lines=120)

    costs = []
    for identity in (short, long):
        for path in ("", "/history"):
            with failing_call([client("dynamodb")], None) as calls:
                call("GET", f"/v1/images/{identity}{path}")
            costs.append((path, calls.names))

    assert (
        costs[:2]
        == costs[2:]
        == [
            ("", ["dynamodb.Query"]),
            ("/history", ["dynamodb.GetItem", "dynamodb.Query"]),
        ]
    )


def test_the_history_of_an_image_without_a_line_is_an_empty_page(call, aws):
    assert pages(call, put_image(aws)) == [[]]


@pytest.mark.parametrize("identity", [image_id(99), "nonsense", "x" * 3000])
def test_the_history_of_no_image_is_a_404(call, identity):
    answer = call("GET", f"/v1/images/{identity}/history")

    assert answer.status == 404
    answer.problem()


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": ""}, "cursor"),
        ({"cursor": HistoryCursor("RECORD").encode()}, "cursor"),
        ({"cursor": HistoryCursor(f"EVENT#{'x' * 2000}").encode()}, "cursor"),
        ({"cursor": f"{HistoryCursor('EVENT#2026').encode()}!"}, "cursor"),
        ({"status": "HELD"}, "status"),
    ],
)
def test_a_wrong_parameter_is_named(call, aws, query, parameter):
    answer = call("GET", f"/v1/images/{put_image(aws)}/history", **query)

    assert answer.status == 400
    assert answer.problem()["parameter"] == parameter


def test_a_cursor_leads_into_no_other_image(call, aws):
    one, other = put_image(aws, 1), put_image(aws, 2)
    put_labels_and_history(aws, one, lines=3)
    cursor = call("GET", f"/v1/images/{one}/history", limit="1").document["cursor"]

    assert call("GET", f"/v1/images/{other}/history", cursor=cursor).document == {"items": [], "cursor": None}
