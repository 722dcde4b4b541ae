"""PUT /v1/images/{id}/legal-hold: what a hold keeps, who wins, and what survives a failure."""

import json
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

from functions.shared.aws import client
from functions.shared.keys import original_key, record_partition
from tests.fakes.aws import ORIGINALS
from tests.fakes.faults import failing_call, hooked, writing_at
from tests.fakes.openapi import assert_described
from tests.unit.manage.conftest import image_id, put_image, record_of


@pytest.fixture
def originals(aws):
    """The versioned bucket of originals, with Object Lock.

    moto enables that only for an empty bucket; tests/emulator/test_legal_hold.py shows that the first hold does it.
    """
    aws.s3.put_bucket_versioning(Bucket=ORIGINALS, VersioningConfiguration={"Status": "Enabled"})
    aws.s3.put_object_lock_configuration(Bucket=ORIGINALS, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    return aws.s3


@pytest.fixture
def hold(call):
    """Set or release the hold of an image."""

    def change(identity, *, enabled, reason="case 17"):
        body = json.dumps({"enabled": enabled, "reason": reason}).encode()
        return call("PUT", f"/v1/images/{identity}/legal-hold", body)

    return change


def upload(originals, identity, *bodies):
    return [originals.put_object(Bucket=ORIGINALS, Key=original_key(identity), Body=body) for body in bodies]


def locks(originals, identity):
    """Return the state of S3's legal hold of each version, oldest first."""
    versions = originals.list_object_versions(Bucket=ORIGINALS, Prefix=original_key(identity)).get("Versions", [])

    def state(version):
        try:
            answer = originals.get_object_legal_hold(
                Bucket=ORIGINALS, Key=version["Key"], VersionId=version["VersionId"]
            )
            return answer["LegalHold"].get("Status", "OFF")
        except ClientError:
            return "OFF"

    return [state(version) for version in reversed(versions)]


def lines_of(aws, identity):
    return [item for key, item in sorted(aws.items(record_partition(identity)).items()) if key.startswith("EVENT#")]


def test_a_hold_locks_every_version_of_the_original_and_is_recorded(hold, aws, originals):
    identity = put_image(aws)
    upload(originals, identity, b"first", b"second")

    answer = hold(identity, enabled=True)

    assert answer.status == 200
    assert_described(answer.document, "Image")
    assert answer.document["legal_hold"] is True
    assert locks(originals, identity) == ["ON", "ON"]
    (line,) = lines_of(aws, identity)
    assert (line["type"], line["actor"], line["detail"]) == ("LEGAL_HOLD", "service", "case 17")


def test_s3_deletes_no_version_under_a_hold(hold, aws, originals):
    identity = put_image(aws)
    (first,) = upload(originals, identity, b"first")
    hold(identity, enabled=True)

    with pytest.raises(ClientError, match="AccessDenied"):
        originals.delete_object(Bucket=ORIGINALS, Key=original_key(identity), VersionId=first["VersionId"])


def test_an_image_under_a_hold_cannot_be_removed(hold, call, aws, originals, removals):
    identity = put_image(aws)
    upload(originals, identity, b"first")
    hold(identity, enabled=True)

    assert call("DELETE", f"/v1/images/{identity}").status == 409
    assert record_of(aws, identity)["status"] == "PUBLISHED"
    assert removals.started() == {}


def test_a_released_image_can_be_removed_and_its_versions_deleted(hold, call, aws, originals, removals):
    identity = put_image(aws)
    (first,) = upload(originals, identity, b"first")
    hold(identity, enabled=True)

    answer = hold(identity, enabled=False, reason="case closed")

    assert answer.document["legal_hold"] is False
    assert locks(originals, identity) == ["OFF"]
    assert [line["type"] for line in lines_of(aws, identity)] == ["LEGAL_HOLD", "LEGAL_HOLD_RELEASED"]
    originals.delete_object(Bucket=ORIGINALS, Key=original_key(identity), VersionId=first["VersionId"])
    assert call("DELETE", f"/v1/images/{identity}").status == 202
    assert not record_of(aws, identity).keys() & {"legal_hold", "hold_number"}


def test_changes_of_the_same_millisecond_are_all_in_the_history_in_their_order(hold, aws, originals):
    identity = put_image(aws)
    upload(originals, identity, b"first")
    reasons = [str(number) for number in range(6)]

    with writing_at(client("dynamodb"), "2026-11-24T10:00:00.000Z"):
        for number, reason in enumerate(reasons):
            hold(identity, enabled=number % 2 == 0, reason=reason)

    assert [line["detail"] for line in lines_of(aws, identity)] == reasons


@pytest.mark.parametrize("enabled", [True, False])
def test_a_repeated_call_changes_nothing_and_adds_no_history(hold, aws, originals, enabled):
    identity = put_image(aws)
    upload(originals, identity, b"first")
    hold(identity, enabled=True)
    hold(identity, enabled=enabled)
    before = lines_of(aws, identity)

    assert hold(identity, enabled=enabled).status == 200

    assert lines_of(aws, identity) == before
    assert locks(originals, identity) == ["ON" if enabled else "OFF"]


def test_releasing_an_image_without_a_hold_changes_nothing(hold, aws, originals):
    identity = put_image(aws)
    before = aws.items(record_partition(identity))

    assert hold(identity, enabled=False).status == 200
    assert aws.items(record_partition(identity)) == before


@pytest.mark.parametrize("lost_answer", [False, True], ids=["refused", "answer lost"])
@pytest.mark.parametrize("number", range(9))
@pytest.mark.parametrize("enabled", [True, False], ids=["set", "released"])
def test_a_call_that_dies_at_any_request_is_completed_by_the_next_one(
    hold, aws, originals, *, enabled, number, lost_answer
):
    identity = put_image(aws)
    upload(originals, identity, b"first", b"second")
    if not enabled:
        hold(identity, enabled=True)
    hold(image_id(99), enabled=True)  # the clients exist

    with failing_call([client("dynamodb"), client("s3")], number, lost_answer=lost_answer):
        broken = hold(identity, enabled=enabled).status
    again = hold(identity, enabled=enabled)

    assert {broken, again.status} <= {200, 503}
    assert again.status == 200
    assert record_of(aws, identity)["legal_hold"] is enabled
    assert locks(originals, identity) == ["ON" if enabled else "OFF"] * 2
    assert len(lines_of(aws, identity)) == (1 if enabled else 2)


@contextmanager
def meanwhile(event, act):
    """Call ``act`` once, before the next call of an operation."""
    done = []

    def once(**_kwargs):
        if not done:
            done.append(True)
            act()

    service = event.split(".")[1]
    with hooked(client(service), event, once):
        yield


def test_a_hold_that_is_set_while_it_is_released_stays_set(hold, aws, originals):
    identity = put_image(aws)
    upload(originals, identity, b"first")
    hold(identity, enabled=True)

    with meanwhile("before-call.dynamodb.TransactWriteItems", lambda: hold(identity, enabled=True)):
        answer = hold(identity, enabled=False)

    assert answer.status == 409
    assert record_of(aws, identity)["legal_hold"] is True
    assert locks(originals, identity) == ["ON"]


def test_a_removal_that_comes_first_wins_and_nothing_is_locked(hold, call, aws, originals, removals):
    identity = put_image(aws)
    upload(originals, identity, b"first")

    with meanwhile("before-call.dynamodb.TransactWriteItems", lambda: call("DELETE", f"/v1/images/{identity}")):
        answer = hold(identity, enabled=True)

    assert answer.status == 410
    assert locks(originals, identity) == ["OFF"]


@pytest.mark.parametrize(("status", "http"), [("REMOVED", 410), ("AWAITING_UPLOAD", 409)])
@pytest.mark.parametrize("enabled", [True, False])
def test_what_has_no_original_cannot_be_held(hold, aws, originals, *, status, http, enabled):
    identity = put_image(aws, status=status)
    before = aws.items(record_partition(identity))
    expected = http if enabled or status == "REMOVED" else 200

    assert hold(identity, enabled=enabled).status == expected
    assert aws.items(record_partition(identity)) == before


def test_an_unknown_image_is_a_404(hold):
    assert hold(image_id(99), enabled=True).status == 404
    assert hold("nonsense", enabled=True).status == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "enabled"),
        ({"enabled": True}, "reason"),
        ({"enabled": "true", "reason": "x"}, "enabled"),
        ({"enabled": 1, "reason": "x"}, "enabled"),
        ({"enabled": True, "reason": ""}, "reason"),
        ({"enabled": True, "reason": "x" * 501}, "reason"),
        ({"enabled": True, "reason": " "}, "reason"),
        *(({"enabled": True, "reason": f"a{each}b"}, "reason") for each in "\0\n\x7f\x85\u200b\u202e\u2028\u3164"),
        ({"enabled": True, "reason": "x", "actor": "root"}, "actor"),
    ],
)
def test_a_wrong_member_is_named_and_nothing_is_held(call, aws, originals, body, field):
    identity = put_image(aws)

    answer = call("PUT", f"/v1/images/{identity}/legal-hold", json.dumps(body).encode())

    assert answer.problem()["field"] == field
    assert "legal_hold" not in record_of(aws, identity)
