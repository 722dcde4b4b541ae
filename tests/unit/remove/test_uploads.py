"""The upload that was claimed stays, and is the current version; every other one goes."""

import pytest

from functions.records.entries import entries_at_creation
from functions.shared.errors import RecordConflictError
from tests.fakes.aws import ORIGINALS
from tests.unit.remove.conftest import IMAGE_ID


def claimed(world, etag, version="", **attributes):
    world.record("PUBLISHED", claimed_by="arn", claimed_etag=etag, claimed_version=version, **attributes)


@pytest.mark.parametrize("named", [True, False], ids=["the event named a version", "it named none"])
def test_uploads_after_the_claimed_one_go(world, delete, named):
    etag, version = world.upload(b"first")
    world.upload(b"second")
    world.upload(b"third")
    claimed(world, etag, version if named else "")

    assert delete("uploads").deleted == 2

    assert world.originals() == [b"first"]


def test_an_upload_before_the_claimed_one_goes_too(world, delete):
    world.upload(b"first")
    etag, version = world.upload(b"second")
    claimed(world, etag, version)

    delete("uploads")

    assert world.originals() == [b"second"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_of_equal_uploads_the_version_that_was_claimed_stays(world, delete, aws, place):
    uploads = [world.upload(b"same") for _ in range(3)]
    claimed(world, *uploads[place])

    delete("uploads")

    (left,) = aws.s3.list_object_versions(Bucket=ORIGINALS)["Versions"]
    assert left["VersionId"] == uploads[place][1]


def test_of_equal_uploads_whose_events_name_no_version_the_first_stays(world, delete, aws):
    (etag, first), *_ = [world.upload(b"same") for _ in range(3)]
    claimed(world, etag)

    delete("uploads")

    (left,) = aws.s3.list_object_versions(Bucket=ORIGINALS)["Versions"]
    assert left["VersionId"] == first


def test_a_delete_marker_over_the_claimed_version_goes(world, delete, aws):
    claimed(world, *world.upload(b"first"))
    aws.s3.delete_object(Bucket=ORIGINALS, Key=f"uploads/{IMAGE_ID}/original")

    delete("uploads")

    assert world.originals() == [b"first"]


def test_an_upload_to_a_removed_image_leaves_nothing(world, delete):
    world.removed()
    world.upload(b"late")

    delete("uploads")

    assert world.originals() == []


@pytest.mark.parametrize("status", ["AWAITING_UPLOAD", None])
def test_before_a_claim_nothing_goes(world, delete, status):
    if status:
        world.record(status)
    world.upload(b"first")
    world.upload(b"second")

    assert delete("uploads").deleted == 0


def test_a_record_of_an_earlier_release_tells_the_claimed_upload_by_what_was_published(world, delete):
    etag, _ = world.upload(b"first")
    world.upload(b"second")
    world.record("PUBLISHED", claimed_by="arn", original={"etag": etag})

    delete("uploads")

    assert world.originals() == [b"first"]


@pytest.mark.parametrize(("named", "left"), [(True, [b"first"]), (False, [b"second", b"first"])])
def test_where_a_record_does_not_tell_only_the_version_of_the_event_goes(world, delete, named, left):
    world.upload(b"first")
    etag, version = world.upload(b"second")
    world.record("HELD", claimed_by="arn")

    delete("uploads", upload={"etag": etag, "version": version if named else ""})

    assert world.originals() == left


@pytest.mark.parametrize("named", [True, False], ids=["the event named a version", "it named none"])
def test_where_the_claimed_version_is_gone_only_the_upload_of_the_event_goes(world, delete, named):
    world.upload(b"put there by hand")
    etag, version = world.upload(b"second")
    claimed(world, "0" * 32)

    delete("uploads", upload={"etag": etag, "version": version if named else ""})

    assert world.originals() == [b"put there by hand"]


def test_under_a_legal_hold_every_upload_stays(world, delete):
    etag, version = world.upload(b"first")
    world.upload(b"second")
    claimed(world, etag, version, legal_hold=True)

    assert delete("uploads").deleted == 0

    assert sorted(world.originals()) == [b"first", b"second"]


def test_no_deletion_of_a_new_revision_deletes_an_original(world, delete):
    etag, version = world.upload(b"first")
    world.upload(b"second")
    claimed(world, etag, version, legal_hold=True, revision=2, last_revision=2)

    delete("superseded")
    delete("revisions", revision=2)

    assert sorted(world.originals()) == [b"first", b"second"]


def test_the_originals_of_an_image_under_a_legal_hold_are_not_deleted_whatever_its_status_says(world, delete):
    world.removed(legal_hold=True)
    world.upload(b"first")

    with pytest.raises(RecordConflictError):
        delete("generated", "originals")

    assert world.originals() == [b"first"]


def test_the_entries_of_a_removed_image_are_deleted(world, delete):
    world.removed()
    for item in entries_at_creation(IMAGE_ID, tenant="default", owner="alice"):
        world.aws.put_item(item)

    delete("record")

    assert not [key for key in world.items() if key.startswith("ENTRY#")]
