"""A rejudgement from the survey to its report, over a library whose changes are computed directly too."""

import json
from collections import Counter

import pytest

from functions.shared.errors import TransientDependencyError
from functions.shared.rejudgements import Mode
from functions.shared.status import Decision
from tests import library
from tests.fakes.faults import failing_call


def plain(stage):
    """Return the images that are re-judged, with their decisions before and after."""
    return [(image, *library.decisions(image, library.AFTER)) for image in stage.images if image.kind == "plain"]


def changed(stage):
    return [(image, after) for image, before, after in plain(stage) if before is not after]


def nonzero(counts):
    return {name: count for name, count in counts.items() if count}


def test_a_report_counts_what_a_direct_computation_counts(stage):
    stage.fill(120)

    report = stage.run(stage.asked(Mode.DRY_RUN))

    assert report["result"] == "reported"
    assert nonzero(report["images"]) == library.expected_images(stage.images, library.AFTER)
    counts = {name: each["count"] for name, each in report["transitions"].items()}
    assert counts == library.expected_transitions(stage.images, library.AFTER)
    assert len(counts) > 2
    assert all(len(each["examples"]) == min(each["count"], 10) for each in report["transitions"].values())


def test_a_diff_compares_two_policies_and_not_the_recorded_decisions(stage):
    stage.fill(80, judged_by=library.STRICTER)

    report = stage.run(stage.asked(Mode.DIFF, against=library.BEFORE.digest))

    expected = library.expected_images(stage.images, library.AFTER, library.BEFORE)
    assert nonzero(report["images"]) == expected
    assert expected != library.expected_images(stage.images, library.AFTER)


def test_labels_of_a_transition_are_those_that_led_to_the_stricter_decision(stage):
    stage.fill(100)

    transitions = stage.run(stage.asked(Mode.DRY_RUN))["transitions"]

    assert set(transitions["allow->block"]["labels"]) == {"Weapons"}
    assert set(transitions["block->blur"]["labels"]) == {"Explicit Nudity"}


@pytest.mark.parametrize("mode", [Mode.DIFF, Mode.DRY_RUN])
def test_comparing_changes_no_record(stage, mode):
    stage.fill(30)
    before = {image.image_id: stage.record(image.image_id) for image in stage.images}

    stage.run(stage.asked(mode))

    assert {image.image_id: stage.record(image.image_id) for image in stage.images} == before
    assert stage.retire.started() == {}


def test_applying_changes_exactly_the_images_of_the_manifest(stage):
    stage.fill(40)

    report = stage.run(stage.asked())

    wanted = {image.image_id: after for image, after in changed(stage)}
    assert report["result"] == "applied"
    for image in stage.images:
        record, after = stage.record(image.image_id), wanted.get(image.image_id)
        if after is None:
            assert record == image.record
        elif after.publishes:
            assert (record["pending"]["decision"], record["pending"]["source"]) == (after, "rejudge")
        else:
            assert (record["status"], record["revision"]) == (after.status, 2)
            assert record["verdict"]["policy_digest"] == library.AFTER.digest
    assert Counter(report["outcomes"]).total() == report["images"]["changed"] == len(wanted)


@pytest.mark.parametrize(("cap_below_count", "confirmed", "result"), [
    (0, False, "applied"),
    (1, False, "over_cap"),
    (1, True, "applied"),
])  # fmt: skip
def test_more_changes_than_the_cap_are_applied_only_if_confirmed(stage, cap_below_count, confirmed, result):
    stage.fill(30)
    count = len(changed(stage))
    before = {image.image_id: stage.record(image.image_id) for image in stage.images}

    report = stage.run(stage.asked(cap=count - cap_below_count, confirmed=confirmed))

    assert report["result"] == result
    unchanged = {image.image_id: stage.record(image.image_id) for image in stage.images} == before
    assert unchanged is (result == "over_cap")


def test_a_manifest_that_was_over_its_cap_is_applied_by_another_rejudgement(stage):
    stage.fill(30)
    first = stage.asked(cap=0)
    stage.run(first)

    report = stage.run(stage.asked(manifest=first.manifest, cap=1000))

    assert report["result"] == "applied"
    assert Counter(report["outcomes"]).total() == len(changed(stage))


def test_a_frozen_manifest_does_not_change(stage):
    stage.fill(40)
    first = stage.asked(Mode.DRY_RUN)
    report = stage.run(first)
    for image in library.stored_images(40, seed=15):
        stage.aws.put_item(image.record)

    again = stage.run(stage.asked(Mode.DRY_RUN, manifest=first.manifest))

    assert again == report


@pytest.mark.parametrize("lost_answer", [False, True])
def test_an_interrupted_rejudgement_continues_to_the_same_end(stage, lost_answer):
    stage.fill(40)
    clients = (stage.aws.dynamodb, stage.aws.s3)
    wanted = {image.image_id: after for image, after in changed(stage)}
    first = stage.asked()
    report, interruptions, number = None, 0, 3
    while report is None:  # each run gets a few calls further than the one before
        run = stage.asked(manifest=first.manifest)
        with failing_call(clients, number, lost_answer=lost_answer):
            try:
                report = stage.run(run)
            except TransientDependencyError:
                interruptions, number = interruptions + 1, number + 11

    assert interruptions > 3
    assert nonzero(report["images"]) == library.expected_images(stage.images, library.AFTER)
    assert set(report["outcomes"]) <= {"applied", "queued", "unchanged"}
    assert Counter(report["outcomes"]).total() == len(wanted)
    for image_id, after in wanted.items():
        record = stage.record(image_id)
        assert after in {record["verdict"]["decision"], record.get("pending", {}).get("decision")}
        assert record["revision"] == (1 if after.publishes else 2)


def test_an_image_that_changed_since_the_survey_is_left_as_it_is(stage):
    stage.fill(40)
    rejudgement = stage.asked(Mode.DRY_RUN)
    stage.run(rejudgement)
    image, _ = changed(stage)[0]
    stage.change(image.image_id, revision=7)
    now = stage.record(image.image_id)

    report = stage.run(stage.asked(manifest=rejudgement.manifest))

    assert stage.record(image.image_id) == now
    assert report["outcomes"]["conflict"] == 1


def test_a_decision_that_a_person_makes_after_the_survey_stands(stage):
    stage.fill(40)
    rejudgement = stage.asked(Mode.DRY_RUN)
    stage.run(rejudgement)
    image, _ = changed(stage)[0]
    override = {"decision": image.decision, "actor": "service", "at": "2026-11-24", "source": "override"}
    stage.change(image.image_id, override=override)
    now = stage.record(image.image_id)

    report = stage.run(stage.asked(manifest=rejudgement.manifest))

    assert stage.record(image.image_id) == now
    assert report["outcomes"]["overridden"] == 1


def test_what_the_detector_was_not_asked_for_is_undetermined_and_not_allowed(stage):
    stage.fill(30)
    candidate = library.policy("asks for more", minimum=30, Violence=("block", 30))
    stage.policies.put("default", "default", candidate)
    asked_from_40 = [image for image in stage.images if image.kind == "plain"][:5]
    for image in asked_from_40:
        stage.aws.put_item({**image.labels, "minimum_confidence": 40})
    unlabelled = [image for image in stage.images if image.kind == "unlabelled"]

    report = stage.run(stage.asked(Mode.DRY_RUN, candidate=candidate.digest))

    assert report["images"]["undetermined"] == len(asked_from_40) + len(unlabelled)


@pytest.mark.parametrize("broken", [{"labels": "none"}, {"labels": [{"name": "Weapons"}]}, {"labels": None}])
def test_labels_that_cannot_be_read_are_undetermined(stage, broken):
    stage.fill(10)
    image = next(image for image in stage.images if image.kind == "plain")
    stage.aws.put_item({"pk": image.record["pk"], "sk": "LABELS", **broken})
    expected = library.expected_images(stage.images, library.AFTER)["undetermined"] + 1

    report = stage.run(stage.asked(Mode.DRY_RUN))

    assert report["images"]["undetermined"] == expected


def test_the_stricter_of_policy_and_floor_decides(stage):
    stage.fill(60)
    floor = library.policy("floor", Violence=("block", 50), Alcohol="allow", Gambling="allow", Explicit="allow")
    stage.policies.put("default", "floor", floor)

    report = stage.run(stage.asked(Mode.DRY_RUN, candidate=library.BEFORE.digest, floor=floor.digest))

    below_80 = [
        image
        for image in stage.images
        if image.kind == "plain" and "Weapons" in {each.name for each in image.answer.labels}
        if image.decision is not Decision.BLOCK
    ]
    assert report["images"]["changed"] == report["images"]["tighten"] == len(below_80) > 0


def test_two_executions_with_one_manifest_agree_although_records_change_in_between(stage):
    """Whichever is slower finds days, images and counts that the other one wrote, before and after it is frozen."""
    stage.fill(60)
    first = stage.asked(Mode.DRY_RUN)
    days = stage.call("plan", first)["days"]
    stage.call("day", first, day=days[0])
    second = stage.asked(manifest=first.manifest)
    stage.fill(60, seed=15)
    applied = stage.run(second)
    changes = stage.contents(f"manifests/{first.manifest}/tighten/")

    for day in days:
        stage.call("day", first, day=day)

    assert stage.contents(f"manifests/{first.manifest}/tighten/") == changes
    assert applied["images"] == stage.run(first)["images"]
    assert Counter(applied["outcomes"]).total() == applied["images"]["changed"]
    assert applied["images"]["tighten"] == lines(changes) > 0


def test_a_call_that_ended_early_leaves_its_finding_to_the_next_one(stage):
    """The images and counts are written from it, even if the records are different by then."""
    stage.fill(30, days=1)
    rejudgement = stage.asked(cap=0)
    day = stage.call("plan", rejudgement)["days"][0]
    with failing_call((stage.aws.s3,), 2, lost_answer=False), pytest.raises(TransientDependencyError):
        stage.call("day", rejudgement, day=day)
    for image in stage.images:
        stage.change(image.image_id, status="REMOVED")

    report = stage.run(rejudgement)

    assert (report["result"], report["images"]["changed"]) == ("over_cap", len(changed(stage)))


@pytest.mark.parametrize("what", ["policy", "floor"])
def test_no_image_is_changed_once_another_policy_or_floor_is_active(stage, what):
    stage.fill(60)
    rejudgement = stage.asked()
    stage.survey_days(rejudgement)
    (part, *_), before = stage.keys(f"manifests/{rejudgement.manifest}/tighten/"), stage.records()
    stage.activate(library.STRICTER, name="default" if what == "policy" else "floor")

    batch = stage.call("batch", rejudgement, part=part)
    report = stage.run(rejudgement)

    assert batch["changes"] == []
    assert (report["result"], report["outcomes"], stage.records()) == ("outdated", {}, before)


def test_changes_stop_where_another_policy_became_active(stage):
    stage.fill(60)
    rejudgement = stage.asked()
    stage.survey_days(rejudgement)
    stage.apply(rejudgement, "tighten")
    stage.activate(library.STRICTER)

    report = stage.run(rejudgement)

    assert report["result"] == "outdated"
    assert Counter(report["outcomes"]).total() == report["images"]["tighten"] > 0
    assert not any("pending" in record for record in stage.records().values())


def lines(contents):
    """Return how many images the parts of a manifest list."""
    return sum(len(json.loads(line)["images"]) for body in contents.values() for line in body.splitlines())


def test_the_outcomes_of_a_batch_count_once_however_often_they_are_reported(stage):
    stage.fill(20, days=1)
    rejudgement = stage.asked()
    stage.call("day", rejudgement, day=stage.call("plan", rejudgement)["days"][0])
    (part,) = stage.keys(f"manifests/{rejudgement.manifest}/tighten/")
    batch = stage.call("batch", rejudgement, part=part)
    results = [{"image_id": each["image_id"], "outcome": "applied"} for each in batch["changes"]]

    for _ in range(2):
        answer = stage.call("batch", rejudgement, part=part, number=batch["number"], outcomes=results)

    assert answer == {"done": True, "number": 1, "changes": []}
    stage.call("report", rejudgement)
    assert stage.document(f"rejudgements/{rejudgement.id}/report.json")["outcomes"] == {"applied": len(results)}
