"""DELETE /v1/owners/{owner}/images: all images of an owner and no other, in calls that may each fail."""

import pytest

from functions.manage.owners import IMAGES_PER_CALL
from functions.records.entries import Selection, Selector, entry
from functions.shared.aws import client
from functions.shared.keys import record_partition
from tests.fakes.faults import failing_call
from tests.fakes.openapi import assert_described
from tests.unit.manage.conftest import image_id, put_image, record_of

PATH = "/v1/owners/alice/images"


def remove_all(call, **query):
    """Repeat the call until it is complete; return the ids that were removed and those that were held."""
    removed, held, cursor = [], [], None
    while True:
        answer = call("DELETE", PATH, **query, **({"cursor": cursor} if cursor else {}))
        assert answer.status == 202
        assert_described(answer.document, "OwnerRemoval")
        removed += answer.document["removed"]
        held += answer.document["held"]
        cursor = answer.document["cursor"]
        assert answer.document["complete"] is (cursor is None)
        if cursor is None:
            return removed, held


def test_all_images_of_the_owner_and_no_other_are_removed(call, aws, removals):
    mine = [put_image(aws, number, owner="alice") for number in range(3)]
    others = [put_image(aws, 10, owner="bob"), put_image(aws, 11), put_image(aws, 12, owner="alice", tenant="acme")]

    removed, held = remove_all(call)

    assert (sorted(removed), held) == (mine, [])
    assert {record_of(aws, identity)["status"] for identity in mine} == {"REMOVED"}
    assert {record_of(aws, identity)["status"] for identity in others} == {"PUBLISHED"}
    assert {document["image_id"] for document in removals.started().values()} == set(mine)


def test_a_call_removes_a_bounded_number_and_the_cursor_leads_to_the_end(call, aws, removals):
    count = IMAGES_PER_CALL + 2
    mine = [put_image(aws, number, owner="alice") for number in range(count)]

    first = call("DELETE", PATH).document
    removed, _ = remove_all(call)

    assert len(first["removed"]) == IMAGES_PER_CALL
    assert not first["complete"]
    assert {record_of(aws, identity)["status"] for identity in mine} == {"REMOVED"}
    assert set(removed) == set(mine)  # entries are deleted with the files, so that a repeated call checks each image


def test_images_under_a_legal_hold_stay_and_are_named(call, aws, removals):
    kept = put_image(aws, 1, owner="alice", legal_hold=True)
    gone = put_image(aws, 2, owner="alice")

    assert remove_all(call) == ([gone], [kept])
    assert record_of(aws, kept)["status"] == "PUBLISHED"


def test_an_image_that_awaits_its_upload_is_removed_too(call, aws, removals):
    identity = put_image(aws, 1, owner="alice", status="AWAITING_UPLOAD", expires_at=1)

    remove_all(call)

    assert record_of(aws, identity)["status"] == "REMOVED"
    assert "expires_at" not in record_of(aws, identity)


def test_the_history_says_why_an_image_was_removed(call, aws, removals):
    identity = put_image(aws, 1, owner="alice")

    remove_all(call)

    (line, *_) = call("GET", f"/v1/images/{identity}").document["history"]
    assert (line["type"], line["actor"], line["reason"]) == ("REMOVED", "service", "OWNER_REMOVED")


def test_an_entry_of_another_owners_image_removes_nothing(call, aws, removals):
    identity = put_image(aws, 1, owner="bob")
    aws.put_item(entry(Selection("default", Selector.OWNER, "alice"), identity))

    assert remove_all(call) == ([], [])
    assert record_of(aws, identity)["status"] == "PUBLISHED"
    assert aws.items(record_partition(identity)).keys() >= {"RECORD"}


def test_an_entry_without_a_record_is_deleted(call, aws, removals):
    aws.put_item(entry(Selection("default", Selector.OWNER, "alice"), image_id(1)))

    assert remove_all(call) == ([], [])
    assert aws.items(record_partition(image_id(1))) == {}


CALLS = 9
"""AWS requests that remove two images: a query, and for each a read, a write, the start of an execution; the third one
is under a legal hold: a read, a refused write. More would be counted below."""


@pytest.mark.parametrize("lost_answer", [False, True], ids=["refused", "answer lost"])
@pytest.mark.parametrize("number", range(CALLS))
def test_a_call_that_dies_at_any_request_is_completed_by_the_next_one(call, aws, removals, number, lost_answer):
    mine = [put_image(aws, each, owner="alice") for each in range(2)]
    kept = put_image(aws, 2, owner="alice", legal_hold=True)
    call("GET", f"/v1/images/{kept}")  # the clients exist
    watched = [client("dynamodb"), client("stepfunctions")]

    with failing_call(watched, number, lost_answer=lost_answer) as calls:
        broken = call("DELETE", PATH).status
    assert len(calls.names) == number + 1
    removed, held = remove_all(call)

    assert broken == 503
    assert set(removed) == set(mine)
    assert held == [kept]
    assert {record_of(aws, identity)["status"] for identity in mine} == {"REMOVED"}
    assert sorted(document["image_id"] for document in removals.started().values()) == mine


@pytest.mark.parametrize("owner", ["a b", "-x", "x" * 129, "a%23b"])
def test_an_owner_that_no_image_can_have_is_a_404(call, owner):
    assert call("DELETE", f"/v1/owners/{owner}/images").status == 404


@pytest.mark.parametrize(("query", "parameter"), [({"limit": "1"}, "limit"), ({"tenant": "a b"}, "tenant")])
def test_a_wrong_parameter_is_named_and_nothing_is_removed(call, aws, query, parameter):
    identity = put_image(aws, 1, owner="alice")

    assert call("DELETE", PATH, **query).problem()["parameter"] == parameter
    assert record_of(aws, identity)["status"] == "PUBLISHED"


def test_a_cursor_of_another_list_is_refused_and_nothing_is_removed(call, aws):
    for number in range(2):
        put_image(aws, number, owner="bob")
    identity = put_image(aws, 5, owner="alice")
    cursor = call("GET", "/v1/images", owner="bob", limit="1").document["cursor"]

    assert call("DELETE", PATH, cursor=cursor).problem()["parameter"] == "cursor"
    assert record_of(aws, identity)["status"] == "PUBLISHED"
