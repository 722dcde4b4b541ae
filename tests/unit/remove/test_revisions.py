"""Files of runs that failed, and of revisions that were replaced, go; what a record shows keeps its files."""

import pytest
from botocore.exceptions import ClientError

from functions.shared.contracts import DeletionRequest
from tests.fakes.aws import GENERATED, PUBLISHED, STAGING
from tests.fakes.faults import hooked
from tests.unit.remove.conftest import EXECUTION, IMAGE_ID, OTHER_ID

P1, P2, P3 = (f"{IMAGE_ID}/{revision}/master.jpg" for revision in (1, 2, 3))


@pytest.fixture
def three_revisions(world, aws):
    """Files of three revisions in staging and published, and of another image."""
    for bucket in (PUBLISHED, STAGING):
        aws.put_objects(bucket, [P1, P2, P3, f"{OTHER_ID}/1/master.jpg"])
    return world


def left(world, bucket):
    return [key for key in world.files()[bucket] if key.startswith(IMAGE_ID)]


# --- runs that failed


def test_a_failed_run_leaves_nothing_of_its_revision_nor_of_older_ones(three_revisions, delete):
    three_revisions.record("FAILED", claimed_by=EXECUTION, last_revision=2)

    assert delete("revisions", revision="2").deleted == 4

    assert left(three_revisions, PUBLISHED) == left(three_revisions, STAGING) == [P3]


@pytest.mark.parametrize("status", ["PUBLISHED", "BLURRED", "PROCESSING", "HELD"])
def test_the_revision_that_the_record_shows_is_never_deleted(three_revisions, delete, status):
    three_revisions.record(status, revision=2, claimed_by=EXECUTION, last_revision=3)

    delete("revisions", revision=3)

    assert left(three_revisions, PUBLISHED) == [P2]
    assert left(three_revisions, STAGING) == []


@pytest.mark.parametrize("asked", ["revisions", "superseded"])
def test_a_focal_point_makes_a_new_revision_of_the_same_files(three_revisions, delete, asked):
    """Its record shows revision 3 with the files of revision 2."""
    picture = {"master": {"key": P2}}
    three_revisions.record("PUBLISHED", revision=3, last_revision=4, claimed_by=EXECUTION, picture=picture)
    old, new = three_revisions.variant("width=64", 2), three_revisions.variant("width=96", 3)

    delete(asked, revision=4)

    assert P2 in left(three_revisions, PUBLISHED)
    assert P1 not in left(three_revisions, PUBLISHED)
    if asked == "superseded":
        assert three_revisions.files()[GENERATED] == [new]
    else:
        assert three_revisions.files()[GENERATED] == sorted([old, new])


@pytest.mark.parametrize("status", ["HELD", "FAILED", "REJECTED"])
def test_of_an_image_that_was_shown_a_failed_run_leaves_no_variant(world, delete, status):
    world.record(status, revision=1, claimed_by=EXECUTION, last_revision=2)
    world.variant("width=64", 1)

    delete("revisions", revision=2)

    assert world.files()[GENERATED] == []


@pytest.mark.parametrize("status", ["PUBLISHED", "BLURRED", "PROCESSING"])
def test_of_an_image_that_another_run_has_a_failed_run_leaves_the_variants(world, delete, status):
    world.record(status, revision=1, claimed_by="arn:another", last_revision=3)
    kept = world.variant("width=64", 1)

    delete("revisions", revision=2)

    assert world.files()[GENERATED] == [kept]


def test_a_run_that_finds_its_image_removed_leaves_nothing_at_all(three_revisions, delete):
    three_revisions.removed(last_revision=3)

    delete("revisions", revision=1)

    assert left(three_revisions, PUBLISHED) == left(three_revisions, STAGING) == []
    assert [len(keys) for keys in three_revisions.files().values()] == [0, 1, 1]  # the other image's


def test_a_run_without_a_record_leaves_nothing_of_its_revision(three_revisions, delete):
    delete("revisions", revision=1)

    assert left(three_revisions, PUBLISHED) == left(three_revisions, STAGING) == [P2, P3]


def test_of_a_run_known_by_its_execution_the_revision_is_the_one_last_claimed(three_revisions, delete):
    three_revisions.record("FAILED", claimed_by=EXECUTION, last_revision=2)

    delete("revisions", execution_arn=EXECUTION)

    assert left(three_revisions, STAGING) == [P3]


def test_files_of_an_execution_that_lost_the_image_are_the_next_ones_to_delete(three_revisions, delete):
    three_revisions.record("PROCESSING", claimed_by="arn:another", last_revision=2)

    assert delete("revisions", execution_arn=EXECUTION).deleted == 0

    assert left(three_revisions, STAGING) == [P1, P2, P3]


# --- revisions that were replaced


def test_what_was_replaced_goes_and_what_is_served_stays(three_revisions, delete):
    three_revisions.record("PUBLISHED", revision=2, last_revision=2)
    old, new = three_revisions.variant("width=64", 1), three_revisions.variant("width=96", 2)

    result = delete("superseded")

    assert result.done
    assert three_revisions.files()[GENERATED] == [new]
    assert old not in three_revisions.files()[GENERATED]
    assert left(three_revisions, PUBLISHED) == [P2, P3]
    assert left(three_revisions, STAGING) == [P3]


@pytest.mark.parametrize("status", ["BLOCKED", "HELD", "FAILED", "PROCESSING", "IN_REVIEW", "REMOVED"])
def test_an_image_that_is_not_served_keeps_no_variant(world, delete, status):
    world.record(status, revision=2)
    world.variant("width=64", 2)

    delete("superseded")

    assert world.files()[GENERATED] == []


def test_a_variant_without_a_revision_goes(world, delete, aws):
    world.record("PUBLISHED", revision=2)
    aws.put_objects(GENERATED, [f"images/{IMAGE_ID}/width=64"])

    delete("superseded")

    assert world.files()[GENERATED] == []


def test_a_variant_of_the_new_revision_that_takes_the_place_of_an_old_one_stays(world, delete, clients):
    world.record("PUBLISHED", revision=2)
    key = world.variant("width=64", 1)

    def a_request_stores_it(**_kwargs):
        clients["s3"].meta.events.unregister("before-call.s3.DeleteObject", a_request_stores_it)
        clients["s3"].put_object(Bucket=GENERATED, Key=key, Body=b"new", Metadata={"revision": "2"})

    with hooked(clients["s3"], "before-call.s3.DeleteObject", a_request_stores_it):
        delete("superseded")

    assert world.files()[GENERATED] == [key]


def test_a_deletion_of_many_variants_goes_on_where_it_stopped(world, deleter_with, monkeypatch):
    monkeypatch.setattr("functions.shared.object_store.DELETE_BATCH", 2)
    world.record("PUBLISHED", revision=2)
    current = [world.variant(f"width={width}", 2) for width in range(10, 15)]
    world.variant("width=99", 1)
    request = {"image_id": IMAGE_ID, "sweep": ["superseded"]}
    places, result = [""], None

    while result is None or not result.done:
        assert len(places) < 20
        result = deleter_with(budget_seconds=0).delete(DeletionRequest.from_state({**request, "after": places[-1]}))
        places.append(result.after)

    assert world.files()[GENERATED] == current
    assert places == ["", current[1], current[3], f"images/{IMAGE_ID}/width=99", ""]


def test_a_variant_whose_metadata_may_not_be_read_fails_the_deletion(world, delete, clients):
    world.record("PUBLISHED", revision=2)
    world.variant("width=64", 1)

    def denied(**_kwargs):
        raise ClientError({"Error": {"Code": "403"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "HeadObject")

    with hooked(clients["s3"], "before-call.s3.HeadObject", denied), pytest.raises(ClientError):
        delete("superseded")


def test_without_a_record_nothing_was_replaced(world, delete):
    key = world.variant("width=64", 1)

    assert delete("superseded").deleted == 0

    assert world.files()[GENERATED] == [key]
