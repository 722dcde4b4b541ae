"""A removal is final: over an image in work, over a picture that is being made, over late events, over dead workers."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import pictures
from tests.counted import counted
from tests.emulator.test_paths import WEAPON

LINES, VERSIONS = counted(400, 15_000), counted(12, 60)
"""Of the image that grew: history lines of the release before, and versions of its original."""


@pytest.fixture
def published(pipeline):
    """The id of a published picture with a generated variant."""
    image_id = pipeline.run(pictures.jpeg(900, 600)).image_id
    assert pipeline.client.variant(image_id, width=200).status_code == 200
    return image_id


def test_a_delete_removes_all_files_and_the_personal_data_of_the_record(pipeline, published):
    record = pipeline.remove(published)

    assert pipeline.left_of(published) == []
    assert record["removal"].keys() == {"status", "started_at", "finished_at"}
    item = pipeline.item(published)
    assert item["status"] == "REMOVED"
    assert "filename" not in item
    assert pipeline.item(published, "LABELS") == {}
    assert pipeline.client.variant(published, width=200).status_code == 410


def test_a_delete_answers_before_anything_is_deleted_and_the_record_shows_how_far_it_is(pipeline, published):
    with pipeline.throttled("remove"):
        answer = pipeline.client.delete(published)

        shown = pipeline.client.image(published)
        assert (answer.status_code, shown["status"]) == (202, "REMOVED")
        assert shown["removal"]["status"] == "IN_PROGRESS"
        assert pipeline.client.variant(published, width=200).status_code == 410
        assert pipeline.left_of(published) != []

    assert pipeline.removed(published)["removal"]["status"] == "DONE"
    assert pipeline.left_of(published) == []


def test_a_delete_in_the_middle_of_processing_wins(pipeline):
    with pipeline.rekognition.holding():
        image_id = pipeline.upload(pictures.jpeg(900, 600))
        pipeline.rekognition.wait_for_a_call()
        execution = pipeline.item(image_id)["claimed_by"]

        answer = pipeline.client.delete(image_id)

    assert answer.status_code == 202
    ended = pipeline.wait_for(execution)
    assert json.loads(ended["output"])["persist"]["result"]["outcome"] == "superseded"
    assert pipeline.removed(image_id)["status"] == "REMOVED"
    assert pipeline.left_of(image_id) == []
    assert pipeline.client.variant(image_id, width=200).status_code == 410


def test_a_delete_in_the_middle_of_serving_leaves_no_variant_behind(pipeline):
    image_id = pipeline.run(pictures.jpeg(2400, 1600)).image_id
    widths = (96, 200, 384, 750, 1080, 1600)

    with ThreadPoolExecutor(len(widths) + 1) as threads:
        serving = [threads.submit(pipeline.client.variant, image_id, width=width, format="webp") for width in widths]
        removal = threads.submit(pipeline.client.delete, image_id)

    assert removal.result().status_code == 202
    assert {answer.result().status_code for answer in serving} <= {200, 410}
    pipeline.removed(image_id)
    assert pipeline.left_of(image_id) == []
    assert pipeline.client.variant(image_id, width=96, format="webp").status_code == 410


def test_a_late_event_does_not_bring_a_removed_image_back(pipeline):
    ended = pipeline.run(pictures.jpeg())
    pipeline.remove(ended.image_id)
    record = pipeline.item(ended.image_id)

    late = pipeline.start_again(json.loads(ended.execution["input"]), resume=True)

    assert pipeline.states(late)[-1] == "DuplicateUpload"
    assert pipeline.item(ended.image_id) == record
    assert pipeline.left_of(ended.image_id) == []


# --- what dead writers leave


@pytest.mark.parametrize("bucket", ["generated", "published", "staging"])
def test_the_last_sweep_deletes_a_file_that_a_crashed_writer_left_after_the_first(pipeline, published, bucket):
    prefix = f"images/{published}" if bucket == "generated" else f"{published}/1"
    pipeline.client.delete(published)
    pipeline.eventually(lambda: pipeline.item(published)["removal"].get("step") in {"ANSWERS", "VARIANTS", None})

    pipeline.s3.put_object(Bucket=pipeline.outputs.buckets[bucket], Key=f"{prefix}/late", Body=b"late")
    pipeline.client.delete(published)  # the local stage waits less than a second, which may be over already

    pipeline.eventually(lambda: pipeline.left_of(published) == [])


@pytest.mark.parametrize("status", ["HELD", "FAILED"])
def test_a_run_that_fails_leaves_no_file_and_neither_does_the_delete_after_it(pipeline, status):
    pipeline.run(pictures.jpeg(600, 400))
    if status == "HELD":
        pipeline.rekognition.set(refuse=1)
        ended = pipeline.run(pictures.jpeg(900, 600))
    else:
        with pipeline.refusing("published", "s3:PutObject", keys="*/master*"):  # the others are copied
            ended = pipeline.run(pictures.jpeg(900, 600))

    assert ended.status == status
    (original,) = pipeline.left_of(ended.image_id)
    assert original.startswith("originals/")
    pipeline.remove(ended.image_id)
    assert pipeline.left_of(ended.image_id) == []


@pytest.mark.parametrize("function", ["moderate", "blur", "persist"])
def test_a_run_whose_worker_dies_while_its_image_is_removed_leaves_no_file(pipeline, function):
    pipeline.rekognition.set(labels=WEAPON)
    pipeline.run(pictures.jpeg(600, 400))
    with pipeline.frozen(function):
        image_id = pipeline.upload(pictures.jpeg(900, 600))
        execution = pipeline.wait_for_state(image_id, f"{function.title()}Image")
        assert pipeline.client.delete(image_id).status_code == 202

    last = "PersistImage" if function == "persist" else "UploadSuperseded"
    assert pipeline.states(pipeline.wait_for(execution))[-1] == last
    pipeline.removed(image_id)
    assert pipeline.left_of(image_id) == []


def test_a_publication_that_cannot_end_is_announced_and_cleaned_up_all_the_same(pipeline):
    with pipeline.announcements() as heard_of:
        with pipeline.refusing("staging", "s3:DeleteObject"):
            ended = pipeline.run(pictures.jpeg(900, 600))
            states = pipeline.states(ended.execution)

        assert ended.status == "PUBLISHED"
        assert (ended.execution["status"], states.count("PersistImage")) == ("FAILED", 3)
        pipeline.eventually(lambda: pipeline.keys("staging", f"{ended.image_id}/") == [])
        pipeline.eventually(lambda: "Image Published" in heard_of(ended.image_id))
    pipeline.eventually(lambda: "unannounced" not in pipeline.item(ended.image_id))
    assert pipeline.client.variant(ended.image_id, width=200).status_code == 200


# --- uploads after a removal


def test_of_an_upload_with_an_old_form_after_a_delete_nothing_is_left(pipeline):
    upload = pipeline.a_small_upload()
    by_post, by_put = (pipeline.client.ask_for_upload(upload, method) for method in ("POST", "PUT"))
    for ticket in (by_post, by_put):
        pipeline.remove(ticket["id"])

    pipeline.send(by_post, upload)
    form = by_put["upload"]
    pipeline.client.http.put(form["url"], content=upload.body, headers=form["headers"]).raise_for_status()

    for image_id in (by_post["id"], by_put["id"]):
        pipeline.eventually(lambda image_id=image_id: "SECOND_UPLOAD" in pipeline.history(image_id))
        assert pipeline.left_of(image_id) == []
        assert pipeline.item(image_id)["status"] == "REMOVED"


@pytest.mark.parametrize("named", [True, False], ids=["the event names the version", "it names none"])
def test_a_version_written_after_a_delete_is_deleted_permanently(pipeline, named):
    """The emulator's events have no version, AWS's do: one event of each kind is started in addition to the
    emulator's."""
    image_id = pipeline.run(pictures.jpeg()).image_id
    pipeline.remove(image_id)
    etag, version = pipeline.put_original(image_id, pictures.jpeg())
    event = pipeline.upload_event(
        image_id, pictures.jpeg(), etag, sequencer="FFFFFFFFFFFFFFFFFF", version=version if named else None
    )

    execution = pipeline.start_again(event)

    assert pipeline.states(execution)[-3:] == ["AreUploadsDiscarded", "NoteSecondUpload", "DuplicateUpload"]
    assert pipeline.left_of(image_id) == []


# --- removals that meet trouble


def test_an_image_that_grew_is_removed_all_the_same(pipeline, published, capsys):
    pipeline.write_second_uploads(published, LINES)
    for number in range(VERSIONS):
        pipeline.put_original(published, b"%d" % number)

    answer = pipeline.client.delete(published)
    took_seconds = answer.elapsed.total_seconds()
    record = pipeline.removed(published)

    with capsys.disabled():
        sys.stdout.write(f"\nDELETE, {LINES} lines, {VERSIONS} versions: {took_seconds:.2f} s; {record['removal']}\n")
    assert answer.status_code == 202
    assert pipeline.left_of(published) == []
    assert set(pipeline.history(published)) <= {"PUBLISHED", "REMOVED", "SECOND_UPLOAD"}
    assert len(pipeline.history(published)) <= 3


def test_a_removal_continues_automatically_after_an_error(pipeline, published):
    with pipeline.refusing("published", "s3:DeleteObject"):
        pipeline.client.delete(published)
        trouble = pipeline.eventually(lambda: pipeline.client.image(published)["removal"].get("trouble"))
        assert pipeline.keys("published", f"{published}/")

    record = pipeline.removed(published)
    assert trouble.keys() == {"error", "at"}
    assert "trouble" not in record["removal"]
    assert pipeline.left_of(published) == []


def test_a_removal_survives_the_death_of_its_worker(pipeline, published):
    pipeline.remove(pipeline.run(pictures.jpeg()).image_id)
    with pipeline.frozen("remove"):
        pipeline.client.delete(published)
        (execution,) = pipeline.eventually(lambda: pipeline.executions("remove", published))
        pipeline.eventually(lambda: pipeline.states(execution)[-1:] == ["SweepEverything"])

    pipeline.removed(published)
    assert pipeline.left_of(published) == []
    assert pipeline.task_failures(execution["executionArn"]) == ["Runtime.ExitError"]


def test_a_stopped_removal_is_restarted(pipeline, published):
    with pipeline.throttled("remove"):
        pipeline.client.delete(published)
        (stopped,) = pipeline.eventually(lambda: pipeline.executions("remove", published))
        pipeline.stepfunctions.stop_execution(executionArn=stopped["executionArn"])

    pipeline.removed(published)
    assert pipeline.left_of(published) == []
    assert len(pipeline.executions("remove", published)) == 2


def test_a_delete_that_is_repeated_while_a_removal_runs_starts_no_second_one(pipeline, published):
    with pipeline.throttled("remove"):
        answers = [pipeline.client.delete(published).status_code for _ in range(3)]
        assert len(pipeline.executions("remove", published)) == 1

    pipeline.removed(published)
    assert answers == [202] * 3
    assert pipeline.client.delete(published).status_code == 202
    assert len(pipeline.executions("remove", published)) == 2


def test_a_legal_hold_refuses_the_delete(pipeline):
    ended = pipeline.run(pictures.jpeg())
    pipeline.set_legal_hold(ended.image_id)

    answer = pipeline.client.delete(ended.image_id)

    assert answer.status_code == 409
    assert pipeline.item(ended.image_id)["status"] == "PUBLISHED"


def test_a_removal_is_announced_on_the_event_bus_when_it_is_done(pipeline):
    ended = pipeline.run(pictures.jpeg())
    with pipeline.announcements() as heard_of:
        pipeline.remove(ended.image_id)

        pipeline.eventually(lambda: "Image Removed" in heard_of(ended.image_id))
        assert heard_of(ended.image_id) == ["Image Purge Requested", "Image Purge Requested", "Image Removed"]
