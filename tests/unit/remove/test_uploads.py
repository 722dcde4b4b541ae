"""The upload that was claimed stays, and is the current version; every other one goes."""

import pytest

from functions.records.entries import entries_at_creation
from functions.shared.errors import RecordConflictError
from tests.fakes.aws import ORIGINALS
from tests.unit.remove.conftest import IMAGE_ID


def claimed(world, etag, version="", **attributes):
    world.record("PUBLISHED", claimed_by="arn", claimed_etag=etag, claimed_version=version, **attributes)


@pytest.mark.parametrize("named", [True, False], ids=["the event named a version", "it named none"])
def test_uploads_after_the_claimed_one_go(world, sweep, named):
    etag, version = world.upload(b"first")
    world.upload(b"second")
    world.upload(b"third")
    claimed(world, etag, version if named else "")

    assert sweep("uploads").deleted == 2

    assert world.originals() == [b"first"]


def test_an_upload_before_the_claimed_one_goes_too(world, sweep):
    world.upload(b"first")
    etag, version = world.upload(b"second")
    claimed(world, etag, version)

    sweep("uploads")

    assert world.originals() == [b"second"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_of_equal_uploads_the_version_that_was_claimed_stays(world, sweep, aws, place):
    uploads = [world.upload(b"same") for _ in range(3)]
    claimed(world, *uploads[place])

    sweep("uploads")

    (left,) = aws.s3.list_object_versions(Bucket=ORIGINALS)["Versions"]
    assert left["VersionId"] == uploads[place][1]


def test_of_equal_uploads_whose_events_name_no_version_the_first_stays(world, sweep, aws):
    (etag, first), *_ = [world.upload(b"same") for _ in range(3)]
    claimed(world, etag)

    sweep("uploads")

    (left,) = aws.s3.list_object_versions(Bucket=ORIGINALS)["Versions"]
    assert left["VersionId"] == first


def test_a_delete_marker_over_the_claimed_version_goes(world, sweep, aws):
    claimed(world, *world.upload(b"first"))
    aws.s3.delete_object(Bucket=ORIGINALS, Key=f"uploads/{IMAGE_ID}/original")

    sweep("uploads")

    assert world.originals() == [b"first"]


def test_an_upload_to_a_removed_image_leaves_nothing(world, sweep):
    world.removed()
    world.upload(b"late")

    sweep("uploads")

    assert world.originals() == []


@pytest.mark.parametrize("status", ["AWAITING_UPLOAD", None])
def test_before_a_claim_nothing_goes(world, sweep, status):
    if status:
        world.record(status)
    world.upload(b"first")
    world.upload(b"second")

    assert sweep("uploads").deleted == 0


def test_a_record_of_an_earlier_release_tells_the_claimed_upload_by_what_was_published(world, sweep):
    etag, _ = world.upload(b"first")
    world.upload(b"second")
    world.record("PUBLISHED", claimed_by="arn", original={"etag": etag})

    sweep("uploads")

    assert world.originals() == [b"first"]


@pytest.mark.parametrize(("named", "left"), [(True, [b"first"]), (False, [b"second", b"first"])])
def test_where_a_record_does_not_tell_only_the_version_of_the_event_goes(world, sweep, named, left):
    world.upload(b"first")
    etag, version = world.upload(b"second")
    world.record("HELD", claimed_by="arn")

    sweep("uploads", upload={"etag": etag, "version": version if named else ""})

    assert world.originals() == left


@pytest.mark.parametrize("named", [True, False], ids=["the event named a version", "it named none"])
def test_where_the_claimed_version_is_gone_only_the_upload_of_the_event_goes(world, sweep, named):
    world.upload(b"put there by hand")
    etag, version = world.upload(b"second")
    claimed(world, "0" * 32)

    sweep("uploads", upload={"etag": etag, "version": version if named else ""})

    assert world.originals() == [b"put there by hand"]


def test_under_a_legal_hold_every_upload_stays(world, sweep):
    etag, version = world.upload(b"first")
    world.upload(b"second")
    claimed(world, etag, version, legal_hold=True)

    assert sweep("uploads").deleted == 0

    assert sorted(world.originals()) == [b"first", b"second"]


def test_no_sweep_of_a_new_revision_deletes_an_original(world, sweep):
    etag, version = world.upload(b"first")
    world.upload(b"second")
    claimed(world, etag, version, legal_hold=True, revision=2, last_revision=2)

    sweep("superseded")
    sweep("revisions", revision=2)

    assert sorted(world.originals()) == [b"first", b"second"]


def test_the_originals_of_an_image_under_a_legal_hold_are_not_deleted_whatever_its_status_says(world, sweep):
    world.removed(legal_hold=True)
    world.upload(b"first")

    with pytest.raises(RecordConflictError):
        sweep("generated", "originals")

    assert world.originals() == [b"first"]


def test_the_entries_of_a_removed_image_are_deleted(world, sweep):
    world.removed()
    for item in entries_at_creation(IMAGE_ID, tenant="default", owner="alice"):
        world.aws.put_item(item)

    sweep("record")

    assert not [key for key in world.items() if key.startswith("ENTRY#")]
