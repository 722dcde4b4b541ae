"""Each rule of the audit finds the fault that it is for, and a sound image none."""

from dataclasses import replace

import pytest

from tests.sabotage.audit import RULES, ImageState, StoredFile, audit

IMAGE_ID = "01JD3M9Q8RKC5V2W7X0Y4Z6ABC"
MASTER = f"{IMAGE_ID}/2/master.jpg"
BLURRED = f"{IMAGE_ID}/2/blurred/master.jpg"
ORIGINAL = StoredFile("originals", f"uploads/{IMAGE_ID}/original", etag="first")
VERSIONS = {"policy_version": "3", "model_version": "7.0"}


def variant(revision: str) -> StoredFile:
    return StoredFile("generated", f"images/{IMAGE_ID}/width=64", revision=revision)


def image(status: str, *, master: str = MASTER, **changes) -> ImageState:
    """Return a sound image of a status, with changes to its fields; ``record`` changes attributes of the record."""
    record = {"pk": f"IMAGE#{IMAGE_ID}", "sk": "RECORD", "status": status, "claimed_by": "arn", "claimed_etag": "first"}
    items = {"RECORD": record, "EVENT#1": {"pk": "p", "sk": "EVENT#1", "type": status, "at": "now"}}
    files = [ORIGINAL]
    if status in {"PUBLISHED", "BLURRED", "IN_REVIEW", "BLOCKED"}:
        record |= {"revision": 2, "verdict": VERSIONS}
        items["LABELS"] = VERSIONS
    if status in {"PUBLISHED", "BLURRED"}:
        record["picture"] = {"master": {"key": master}, "renditions": []}
        files += [StoredFile("published", master), variant("2")]
    if status == "REMOVED":
        del record["claimed_etag"]
        record["removal"] = {"status": "DONE"}
        files = []
    items["RECORD"] = record | changes.pop("record", {})
    sound = ImageState(
        IMAGE_ID, items, tuple(files), events=(f"Image {status.replace('_', ' ').title()}",), answers=(404,)
    )
    return replace(sound, **{name: change(sound) if callable(change) else change for name, change in changes.items()})


def with_file(bucket: str, key: str, **attributes):
    return lambda sound: (*sound.files, StoredFile(bucket, key, **attributes))


SOUND = {
    "published": image("PUBLISHED", answers=(200,)),
    "blurred": image("BLURRED", master=BLURRED, answers=(200,)),
    **{status.lower(): image(status) for status in ("IN_REVIEW", "BLOCKED", "REJECTED", "HELD", "FAILED", "REMOVED")},
    "waiting for its upload": image("AWAITING_UPLOAD", files=()),
    "running": image("PROCESSING", is_running=True, files=with_file("staging", MASTER)),
}
FAULTS = [
    ("published_files_belong_to_the_shown_revision",
     image("PUBLISHED", files=with_file("published", f"{IMAGE_ID}/1/master.jpg"))),
    ("published_files_belong_to_the_shown_revision", image("FAILED", files=with_file("published", MASTER))),
    ("variants_belong_to_the_shown_revision", image("FAILED", files=lambda sound: (*sound.files, variant("2")))),
    ("published_files_belong_to_the_shown_revision", image("BLOCKED", files=with_file("published", MASTER))),
    ("variants_belong_to_the_shown_revision", image("PUBLISHED", files=lambda sound: (*sound.files, variant("1")))),
    ("variants_belong_to_the_shown_revision", image("BLOCKED", files=lambda sound: (*sound.files, variant("2")))),
    ("shown_files_are_there", image("PUBLISHED", files=(ORIGINAL,))),
    ("shown_files_are_there", image("PUBLISHED", record={"picture": {}})),
    ("only_blurred_images_show_blurred_files", image("BLURRED", master=MASTER)),
    ("only_blurred_images_show_blurred_files", image("PUBLISHED", master=BLURRED)),
    ("only_served_images_are_answered", image("REMOVED", answers=(410, 200))),
    ("only_served_images_are_answered", image("BLOCKED", answers=(200,))),
    *[("a_removed_image_has_no_file", image("REMOVED", files=(StoredFile(bucket, key),)))
      for bucket, key in (("originals", ORIGINAL.key), ("staging", MASTER), ("published", MASTER))],
    ("a_removed_image_has_no_file", image("REMOVED", files=(variant("2"),))),
    ("a_removed_image_has_no_file", image("REMOVED", files=(replace(ORIGINAL, is_delete_marker=True),))),
    ("a_removed_image_keeps_nothing_about_the_picture", image("REMOVED", record={"filename": "cat.jpg"})),
    ("a_removed_image_keeps_nothing_about_the_picture",
     image("REMOVED", items=lambda sound: {**sound.items, "LABELS": VERSIONS})),
    ("a_removed_image_keeps_nothing_about_the_picture",
     image("REMOVED", items=lambda sound: {**sound.items, "EVENT#2": {"pk": "p", "sk": "s", "detail": "a cat"}})),
    ("every_run_ends", image("PROCESSING")),
    ("every_run_ends", image("REMOVED", record={"removal": {"status": "IN_PROGRESS"}})),
    *[("every_ending_is_announced", image(status, events=("Image Purge Requested",)))
      for status in ("PUBLISHED", "BLOCKED", "REJECTED", "HELD", "FAILED", "REMOVED")],
    ("every_ending_is_announced", image("PUBLISHED", record={"unannounced": "Image Published"})),
    ("every_upload_is_claimed", image("AWAITING_UPLOAD")),
    ("staging_is_empty", image("FAILED", files=with_file("staging", MASTER))),
    ("the_claimed_version_is_the_only_original", image("HELD", files=with_file("originals", ORIGINAL.key, etag="2"))),
    ("the_claimed_version_is_the_only_original", image("HELD", files=())),
    ("the_claimed_version_is_the_only_original", image("HELD", files=(replace(ORIGINAL, etag="second"),))),
    ("the_claimed_version_is_the_only_original", image("HELD", files=(replace(ORIGINAL, is_delete_marker=True),))),
    ("every_file_has_a_record", ImageState(IMAGE_ID, {}, (ORIGINAL,))),
    ("a_judged_image_has_its_verdict", image("BLOCKED", record={"verdict": VERSIONS | {"policy_version": "2"}})),
    ("a_judged_image_has_its_verdict", image("PUBLISHED", items=lambda sound: {"RECORD": sound.record})),
]  # fmt: skip


@pytest.mark.parametrize("state", SOUND.values(), ids=SOUND)
def test_a_sound_image_has_no_finding(state):
    assert audit([state]) == []


@pytest.mark.parametrize(("rule", "state"), FAULTS)
def test_a_rule_finds_its_fault(rule, state):
    assert rule in {finding.rule for finding in audit([state])}


def test_every_rule_has_a_fault_that_shows_it():
    assert {rule for rule, _ in FAULTS} == set(RULES)


def test_a_file_belongs_to_the_image_in_its_key():
    files = [ORIGINAL, StoredFile("staging", MASTER), StoredFile("published", MASTER), variant("1")]

    assert {file.image_id for file in files} == {IMAGE_ID}
