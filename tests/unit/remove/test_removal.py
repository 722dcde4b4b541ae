"""Of a removed image every file goes, and everything in its record and history that may describe the picture."""

import pytest

from functions.records import partition
from functions.remove import deletion
from functions.shared import object_store
from functions.shared.contracts import DeletionRequest
from functions.shared.errors import RecordConflictError, TransientDependencyError
from tests.counted import counted
from tests.fakes.aws import GENERATED, ORIGINALS, PUBLISHED, STAGING
from tests.fakes.faults import failing_call, hooked
from tests.unit.remove.conftest import ALL, IMAGE_ID, OTHER_ID


def test_nothing_of_the_picture_is_left_in_any_bucket(world, delete):
    world.removed()
    world.fill()

    result = delete(*ALL)

    assert result.done
    assert set(map(tuple, world.files().values())) == {()}
    assert world.originals() == []


def test_delete_markers_and_objects_of_other_names_go_too(world, delete, aws):
    world.removed()
    world.fill()
    aws.s3.delete_object(Bucket=ORIGINALS, Key=f"uploads/{IMAGE_ID}/original")
    aws.put_objects(ORIGINALS, [f"uploads/{IMAGE_ID}/another"])

    delete(*ALL)

    assert world.originals() == []


def test_another_image_is_untouched(world, delete, aws):
    others = {GENERATED: f"images/{OTHER_ID}/v", PUBLISHED: f"{OTHER_ID}/1/m", STAGING: f"{OTHER_ID}/1/p"}
    for bucket, key in others.items():
        aws.put_objects(bucket, [key])
    aws.put_objects(ORIGINALS, [f"uploads/{OTHER_ID}/original"])
    world.removed()
    world.fill()

    delete(*ALL)

    assert world.files() == {bucket: [key] for bucket, key in others.items()}
    assert aws.keys(ORIGINALS) == [f"uploads/{OTHER_ID}/original"]


@pytest.mark.parametrize("status", ["PUBLISHED", "PROCESSING", "HELD", "AWAITING_UPLOAD"])
@pytest.mark.parametrize("place", ALL)
def test_a_place_is_never_emptied_while_the_record_says_anything_but_removed(world, delete, status, place):
    world.record(status, revision=2)
    world.fill()
    before = (world.files(), world.originals(), world.items())

    with pytest.raises(RecordConflictError, match="is not removed"):
        delete(place)

    assert (world.files(), world.originals(), world.items()) == before


def test_nothing_is_emptied_without_a_record(world, delete):
    world.fill()

    with pytest.raises(RecordConflictError):
        delete("published")


def test_the_record_keeps_id_status_times_and_reason_only(world, delete):
    world.removed(reason="CORRUPT", filename="cat.jpg", invented_later="my cat", claimed_by="arn", last_revision=2)
    world.fill()

    delete("record")

    items = world.items()
    assert items.pop("RECORD").keys() == {
        "pk", "sk", "image_id", "status", "tenant", "created_at", "updated_at", "removed_at", "removal", "reason",
        "claimed_by", "last_revision",
    }  # fmt: skip
    assert "LABELS" not in items
    assert [(line["type"], sorted(line.keys() - {"pk", "sk", "type", "at"})) for line in items.values()] == [
        ("REJECTED", ["reason"]),
        ("FAILED", ["execution_arn"]),
        ("REMOVED", []),
    ]


def test_the_line_about_the_removal_is_written_once_whoever_marked_the_record(world, delete):
    world.removed()

    delete("record")
    delete("record")

    (key,) = [key for key in world.items() if key.startswith("EVENT#")]
    assert key == "EVENT#2026-11-24T10:00:00.000Z#REMOVED"


def test_lines_of_single_uploads_that_earlier_releases_wrote_go_altogether(world, delete):
    world.removed()
    for second in range(30):  # more than one batch
        world.line("SECOND_UPLOAD", second, sequencer="0067", execution_arn="arn")

    result = delete("record")

    assert result.done
    assert [item["type"] for key, item in world.items().items() if key.startswith("EVENT#")] == ["REMOVED"]


def test_the_line_that_counts_uploads_that_were_not_claimed_stays(world, delete):
    """The next upload after the removal would write it again: it says nothing of the picture."""
    world.removed()
    line = {"sk": "EVENT#SECOND_UPLOAD", "type": "SECOND_UPLOAD", "count": 7, "first_at": "2026-11-24T09:00:00.000Z"}
    world.aws.put_item({"pk": f"IMAGE#{IMAGE_ID}", **line, "etag": "an earlier attribute"})

    delete("record")

    stays = world.items()["EVENT#SECOND_UPLOAD"]
    assert {name: stays[name] for name in line} == line
    assert "etag" not in stays


def test_what_does_not_fit_into_one_call_is_done_by_the_next_ones(world, deleter_with, monkeypatch):
    monkeypatch.setattr(object_store, "DELETE_BATCH", 1)
    monkeypatch.setattr(deletion, "DELETE_BATCH", 1)
    monkeypatch.setattr(partition, "WRITE_BATCH", 1)
    world.removed()
    world.fill()
    request = DeletionRequest.from_state({"image_id": IMAGE_ID, "sweep": ALL})
    calls = [deleter_with(budget_seconds=0).delete(request)]

    while not calls[-1].done:
        assert len(calls) < 50
        calls.append(deleter_with(budget_seconds=0).delete(request))

    assert len(calls) > 10
    assert all(call.deleted <= 1 for call in calls)
    assert set(map(tuple, world.files().values())) == {()}
    assert world.originals() == []


def test_the_record_shows_how_far_the_removal_is(world, delete, clients):
    world.removed()
    world.fill()
    steps = []

    def watch(**_kwargs):
        steps.append(world.items()["RECORD"]["removal"]["step"])

    with hooked(clients["s3"], "before-call.s3.DeleteObjects", watch):
        delete(*ALL, then="ANSWERS")

    assert steps == ["REQUESTED", "GENERATED", "PUBLISHED", "STAGING"]
    assert world.items()["RECORD"]["removal"]["step"] == "ANSWERS"


def test_a_record_that_an_earlier_release_removed_has_no_progress_to_show(world, delete):
    world.record("REMOVED", removed_at="2026-11-24T10:00:00.000Z")
    world.fill()

    assert delete(*ALL, then="ANSWERS").done

    assert "removal" not in world.items()["RECORD"]


CALLS = 25
"""Calls of AWS in a deletion of everything that ``fill`` writes; more are counted below than there are."""


BREAKS = [
    (number, lost_answer)
    for number in range(CALLS)
    for lost_answer in (False, True)
    if lost_answer is bool(number % 2) or number == CALLS - 1 or counted(0, 1)
]
"""Every call breaks, in `make test` in one of two ways: neighbours, which are often alike, in different ones."""


@pytest.mark.parametrize(("number", "lost_answer"), BREAKS)
def test_a_deletion_that_breaks_at_any_call_is_ended_by_the_next_one(world, delete, clients, number, lost_answer):
    world.removed(filename="cat.jpg")
    world.fill()
    watched = [clients["s3"], clients["dynamodb"]]

    with failing_call(watched, number, lost_answer=lost_answer) as calls:
        if number < CALLS - 1:
            with pytest.raises(TransientDependencyError):
                delete(*ALL, then="ANSWERS")
        else:
            delete(*ALL, then="ANSWERS")
            assert len(calls.names) == number  # every call was broken once
    again = delete(*ALL, then="ANSWERS")

    assert again.done
    assert set(map(tuple, world.files().values())) == {()}
    assert world.originals() == []
    assert world.items()["RECORD"]["removal"]["step"] == "ANSWERS"
    assert "filename" not in world.items()["RECORD"]


def test_a_history_that_dynamodb_did_not_take_whole_is_tried_again(world, delete, clients):
    world.removed()
    world.fill()

    def not_taken(parsed, **_kwargs):
        parsed["UnprocessedItems"] = {"image-scaler": [{}]}

    with (
        hooked(clients["dynamodb"], "after-call.dynamodb.BatchWriteItem", not_taken),
        pytest.raises(TransientDependencyError),
    ):
        delete("record")
