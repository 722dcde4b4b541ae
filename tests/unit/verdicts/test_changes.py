"""Changes of verdicts: what each writes, what it refuses, and what is left for `ingest` to do."""

import json
from datetime import datetime, timedelta

import pytest

from functions.records.changes import Change
from functions.shared.errors import ContractError
from tests.fakes.aws import GENERATED
from tests.fakes.faults import hooked
from tests.unit.verdicts.conftest import ID, NEW, fallback, lines_of, override, put_judged, record_of, rejudged

DECISIONS = ("allow", "blur", "review", "block")


@pytest.mark.parametrize("before", ["allow", "blur"])
@pytest.mark.parametrize(
    ("change", "status"),
    [(override("block"), "BLOCKED"), (rejudged("block"), "BLOCKED"), (rejudged("review"), "IN_REVIEW")],
    ids=["override", "rejudged to block", "rejudged to review"],
)
def test_a_picture_that_may_no_longer_be_shown_is_taken_down_at_once(
    aws, changes, retirements, uploads, *, before, change, status
):
    put_judged(aws, before)

    outcome = changes.apply(change)

    record = record_of(aws)
    (event,) = aws.announced()
    assert outcome == "applied"
    assert (record["status"], record["revision"], record["last_revision"]) == (status, 2, 2)
    assert record["verdict"]["decision"] == change.decision
    assert record.keys().isdisjoint({"picture", "unannounced", "pending"})
    assert aws.keys(GENERATED) == []
    assert list(retirements.started().values()) == [{"image_id": ID}]
    told = {name: event["detail"][name] for name in ("image_id", "status", "revision", "tenant", "decision")}
    assert told == {"image_id": ID, "status": status, "revision": 2, "tenant": "acme", "decision": change.decision}
    assert (event["detail"]["actor"], event["detail"]["source"]) == (change.actor, change.source)
    assert event["detail"]["previous_status"] == {"allow": "PUBLISHED", "blur": "BLURRED"}[before]
    assert event["detail"].keys().isdisjoint({"placeholder", "dominant_color"})
    assert uploads.take() == []


@pytest.mark.parametrize("status", ["PROCESSING", "HELD", "FAILED"])
@pytest.mark.parametrize("before", ["allow", "blur"])
def test_a_block_does_not_wait_for_the_execution_that_processes_a_shown_picture(
    aws, changes, retirements, uploads, *, before, status
):
    pending = {"decision": "blur", "source": "override", "at": "2026-11-25T09:00:00.000Z"}
    error = {"error": "ThrottledError", "cause": "c"}
    claimed = put_judged(aws, before, status=status, last_revision=2, pending=pending, error=error)

    first, second = (changes.apply(override("block")) for _ in range(2))

    record = record_of(aws)
    (event,) = aws.announced()
    assert (first, second) == ("applied", "unchanged")
    assert (record["status"], record["revision"], record["last_revision"]) == ("BLOCKED", 3, 3)
    assert (record["override"]["decision"], record["verdict"]["decision"]) == ("block", "block")
    assert record["claimed_by"] == claimed["claimed_by"]
    assert record.keys().isdisjoint({"picture", "unannounced", "pending", "error"})
    assert aws.keys(GENERATED) == uploads.take() == []
    assert list(retirements.started().values()) == [{"image_id": ID}]
    assert (event["detail"]["status"], event["detail"]["previous_status"]) == ("BLOCKED", status)
    assert [line["type"] for line in lines_of(aws)] == ["BLOCKED"]


@pytest.mark.parametrize("status", ["PROCESSING", "HELD", "FAILED"])
def test_an_image_that_was_never_judged_can_be_blocked(aws, changes, retirements, status):
    put_judged(aws, "block", status=status, revision=None, verdict=None)

    assert changes.apply(override("block", revision=0)) == "applied"

    record = record_of(aws)
    assert (record["status"], record["revision"], record["last_revision"]) == ("BLOCKED", 2, 2)
    assert record["override"]["decision"] == "block"
    assert "verdict" not in record
    assert [event["detail"]["status"] for event in aws.announced()] == ["BLOCKED"]
    assert retirements.started() == {}  # nothing of it was ever published


@pytest.mark.parametrize(
    "since",
    [
        {"status": "PROCESSING", "last_revision": 3, "claimed_by": "another"},
        {"status": "HELD", "last_revision": 2},
        {"status": "BLURRED", "revision": 2, "last_revision": 2},
    ],
    ids=["claimed by another execution", "held", "published"],
)
def test_an_execution_that_ends_or_begins_between_reading_and_blocking_wins(aws, changes, clients, since):
    changed = put_judged(aws, "allow", **since)
    put_judged(aws, "allow", status="PROCESSING", last_revision=2)

    with hooked(clients["dynamodb"], "before-call.dynamodb.TransactWriteItems", lambda **_: aws.put_item(changed)):
        outcome = changes.apply(override("block"))

    assert outcome == "conflict"
    assert record_of(aws) == changed


def test_retire_starts_before_the_record_is_written_so_that_no_crash_leaves_files(aws, changes, clients, retirements):
    put_judged(aws, "allow")
    seen = []

    def look(**_kwargs):
        seen.append((len(retirements.started()), record_of(aws)["status"]))

    clients["dynamodb"].meta.events.register("before-call.dynamodb.TransactWriteItems", look)
    try:
        changes.apply(override("block"))
    finally:
        clients["dynamodb"].meta.events.unregister("before-call.dynamodb.TransactWriteItems", look)

    assert seen == [(1, "PUBLISHED")]


@pytest.mark.parametrize(
    ("before", "decision"), [("block", "allow"), ("block", "blur"), ("review", "allow"), ("allow", "blur"),
                             ("blur", "allow")],
)  # fmt: skip
@pytest.mark.parametrize("made", [override, rejudged])
def test_a_picture_that_may_be_shown_otherwise_is_processed_again(aws, changes, uploads, *, before, decision, made):
    written = put_judged(aws, before)

    outcome = changes.apply(made(decision))

    record = record_of(aws)
    assert outcome == "queued"
    assert (record["status"], record["revision"]) == (written["status"], 1)
    assert record["pending"]["decision"] == decision
    assert record.get("override", {}).get("decision") == (decision if made is override else None)
    assert aws.announced() == []


def test_the_event_of_an_image_that_is_processed_again_is_delayed_and_is_its_uploads(aws, changes, clients, uploads):
    put_judged(aws, "block")
    sent = []

    def look(params, **_kwargs):
        sent.append(json.loads(params["body"]))

    clients["sqs"].meta.events.register("before-call.sqs.SendMessage", look)
    try:
        changes.apply(override("allow"))
    finally:
        clients["sqs"].meta.events.unregister("before-call.sqs.SendMessage", look)

    (message,) = sent
    event = json.loads(message["MessageBody"])
    assert message["DelaySeconds"] == 3
    assert event["rework"] is True
    assert event["detail"]["object"] == {
        "key": f"uploads/{ID}/original", "size": 7, "etag": "e" * 32, "sequencer": "00AA", "version-id": "v1",
    }  # fmt: skip


def test_a_history_item_says_who_decided_what_and_why(aws, changes):
    put_judged(aws, "allow")

    changes.apply(override("block", note="Seen by two people"))

    (line,) = lines_of(aws)
    assert line | {"at": "", "sk": ""} == {
        "pk": f"IMAGE#{ID}", "sk": "", "type": "BLOCKED", "at": "", "revision": 2, "decision": "block",
        "source": "override", "actor": "service", "reason": "SECOND_LOOK", "note": "Seen by two people",
        "selector": f"DUE#{line['at'][:13]}", "position": ID,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("before", "change", "is_due"),
    [("allow", override("block"), True), ("allow", rejudged("review"), True), ("review", fallback("block"), True),
     ("allow", override("blur"), True), ("block", rejudged("allow"), True), ("block", override("block"), False),
     ("review", fallback("hold"), False)],
)  # fmt: skip
def test_the_sweep_finds_a_change_that_something_follows(aws, changes, uploads, *, before, change, is_due):
    put_judged(aws, before)

    changes.apply(change)

    (line,) = lines_of(aws)
    assert ("selector" in line) is is_due


@pytest.mark.parametrize("change", [override("blur"), rejudged("blur")])
def test_a_repeated_change_that_is_pending_has_the_image_processed_again(aws, changes, clients, uploads, change):
    put_judged(aws, "allow")
    sent = []

    def look(params, **_kwargs):
        sent.append(json.loads(json.loads(params["body"])["MessageBody"]))

    clients["sqs"].meta.events.register("before-call.sqs.SendMessage", look)
    try:
        outcomes = [changes.apply(change) for _ in range(2)]
    finally:
        clients["sqs"].meta.events.unregister("before-call.sqs.SendMessage", look)

    assert outcomes == ["queued", "queued"]
    first, second = sent
    assert first == second
    assert len(lines_of(aws)) == 1


def test_a_pending_change_of_an_image_that_cannot_be_processed_again_is_not_called_queued(aws, changes, uploads):
    put_judged(aws, "allow")
    changes.apply(override("blur"))
    aws.put_item(record_of(aws) | {"last_revision": 100})
    uploads.take()

    assert changes.apply(override("blur")) == "exhausted"
    assert uploads.take() == []


def test_a_history_item_of_rejudging_names_the_policy(aws, changes):
    put_judged(aws, "allow")

    changes.apply(rejudged("block"))

    (line,) = lines_of(aws)
    assert (line["source"], line["actor"], line["reason"], line["policy_digest"]) == (
        "rejudge", "system", "VIOLENCE", NEW,
    )  # fmt: skip


def test_a_rejudged_verdict_replaces_what_the_old_policy_said(aws, changes):
    put_judged(aws, "allow")

    changes.apply(rejudged("block"))

    assert record_of(aws)["verdict"] == {
        "decision": "block", "policy_version": "p2", "model_version": "7.0", "deciding": ["Violence"],
        "policy_name": "default", "policy_digest": NEW, "reason": "VIOLENCE", "severity": 4, "queue": "violence",
    }  # fmt: skip


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_rejudged_image_whose_decision_stays_gets_only_the_new_digest(aws, changes, uploads, decision):
    before = put_judged(aws, decision)

    first, second = (changes.apply(rejudged(decision)) for _ in range(2))

    record = record_of(aws)
    assert (first, second) == ("unchanged", "unchanged")
    assert record["verdict"]["policy_digest"] == NEW
    assert {name: record.get(name) for name in ("status", "revision", "picture", "review")} == {
        name: before.get(name) for name in ("status", "revision", "picture", "review")
    }
    assert lines_of(aws) == aws.announced() == uploads.take() == []


def test_a_rejudged_image_in_review_gets_the_time_and_the_fallback_of_its_policy(aws, changes):
    put_judged(aws, "allow")

    changes.apply(rejudged("review"))

    record = record_of(aws)
    due, began = (datetime.fromisoformat(at) for at in (record["review"]["due_at"], record["updated_at"]))
    assert record["review"]["fallback"] == "block"
    assert timedelta(hours=1) <= due - began < timedelta(hours=1, minutes=1)


@pytest.mark.parametrize("decision", DECISIONS)
def test_what_was_overridden_is_not_rejudged(aws, changes, uploads, decision):
    stands = {"decision": "allow", "actor": "service", "at": "2026-11-25T09:00:00.000Z", "source": "override"}
    before = put_judged(aws, "allow", override=stands)

    assert changes.apply(rejudged(decision)) == "overridden"

    assert record_of(aws) == before
    assert uploads.take() == []


def test_an_override_that_agrees_with_the_verdict_is_recorded(aws, changes, uploads):
    put_judged(aws, "block")

    first, second = (changes.apply(override("block")) for _ in range(2))

    assert (first, second) == ("applied", "unchanged")
    assert record_of(aws)["override"]["decision"] == "block"
    assert [line["type"] for line in lines_of(aws)] == ["VERDICT"]
    assert aws.announced() == uploads.take() == []


@pytest.mark.parametrize(("last", "status"), [("block", "BLOCKED"), ("allow", "IN_REVIEW")])
def test_the_last_override_counts(aws, changes, last, status):
    put_judged(aws, "review")
    changes.apply(override("blur"))

    changes.apply(override(last))

    record = record_of(aws)
    assert (record["status"], record["override"]["decision"]) == (status, last)


# --- reviews


def test_a_fallback_to_block_blocks(aws, changes, retirements):
    put_judged(aws, "review")

    assert changes.apply(fallback("block")) == "applied"

    record = record_of(aws)
    assert (record["status"], record["override"]["source"], record["override"]["actor"]) == (
        "BLOCKED", "review", "system",
    )  # fmt: skip
    assert "review" not in record
    assert retirements.started() == {}  # nothing of it was ever published


def test_a_fallback_to_blur_is_pending_until_the_image_is_processed_again(aws, changes, uploads):
    put_judged(aws, "review")

    assert changes.apply(fallback("blur")) == "queued"

    assert record_of(aws)["status"] == "IN_REVIEW"
    assert record_of(aws)["pending"]["decision"] == "blur"


def test_an_image_that_is_held_stays_in_review_without_a_time_limit(aws, changes):
    before = put_judged(aws, "review", review={"fallback": "hold", "due_at": "2026-11-27T09:00:00.000Z"})

    first, second = (changes.apply(fallback("hold")) for _ in range(2))

    record = record_of(aws)
    assert (first, second) == ("applied", "unchanged")
    assert record | {"updated_at": None} == before | {"review": {"fallback": "hold"}, "updated_at": None}
    assert [line["decision"] for line in lines_of(aws)] == ["review"]


def test_an_image_that_cannot_be_processed_again_is_held_in_review(aws, changes, uploads):
    put_judged(aws, "review", last_revision=100, revision=100)

    assert changes.apply(fallback("blur", revision=100)) == "applied"

    assert record_of(aws)["review"] == {"fallback": "blur"}
    assert uploads.take() == []


@pytest.mark.parametrize("decision", ["allow", "blur", "block"])
def test_an_image_that_was_decided_in_time_needs_no_fallback(aws, changes, decision):
    put_judged(aws, "review")
    changes.apply(override(decision))
    before = record_of(aws)

    assert changes.apply(fallback("blur")) == "conflict"

    assert record_of(aws) == before


def test_a_fallback_never_allows():
    with pytest.raises(ContractError, match="allow"):
        fallback("allow")


# --- refusals


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({"status": "REMOVED"}, "removed"),
        ({"status": "PROCESSING"}, "busy"),
        ({"status": "AWAITING_UPLOAD"}, "unjudged"),
        ({"status": "HELD"}, "unjudged"),
        ({"status": "FAILED"}, "unjudged"),
        ({"status": "REJECTED"}, "unjudged"),
        ({"revision": 2, "last_revision": 2}, "conflict"),
    ],
)
@pytest.mark.parametrize("change", [override("allow"), override("blur"), fallback("block"), rejudged("block")])
def test_a_change_of_an_image_that_is_not_as_it_was_changes_nothing(aws, changes, uploads, *, changed, outcome, change):
    before = put_judged(aws, "blur", **changed)

    assert changes.apply(change) == outcome

    assert record_of(aws) == before
    assert aws.announced() == uploads.take() == lines_of(aws) == []


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({"status": "REMOVED"}, "removed"),
        ({"status": "AWAITING_UPLOAD"}, "unjudged"),
        ({"status": "REJECTED"}, "unjudged"),
        ({"revision": 2, "last_revision": 2}, "conflict"),
        ({"status": "PROCESSING", "revision": 2, "last_revision": 3}, "conflict"),
    ],
)
def test_an_image_without_a_picture_or_with_a_newer_one_is_not_blocked(aws, changes, uploads, *, changed, outcome):
    before = put_judged(aws, "blur", **changed)

    assert changes.apply(override("block")) == outcome

    assert record_of(aws) == before
    assert aws.announced() == uploads.take() == lines_of(aws) == []


def test_a_missing_image_is_an_outcome(aws, changes):
    assert changes.apply(override("block")) == "missing"


def test_a_verdict_by_another_policy_is_not_rejudged(aws, changes):
    before = put_judged(aws, "allow", verdict={"decision": "allow", "policy_digest": "c" * 64})

    assert changes.apply(rejudged("block")) == "conflict"

    assert record_of(aws) == before


def test_a_verdict_of_an_earlier_release_has_an_empty_digest(aws, changes):
    put_judged(aws, "allow", verdict={"decision": "allow", "policy_version": "p0", "model_version": "7.0"})

    assert changes.apply(rejudged("block", from_digest="")) == "applied"

    assert record_of(aws)["verdict"]["policy_digest"] == NEW


@pytest.mark.parametrize("change", [override("block"), override("allow"), rejudged("review")])
def test_a_claim_between_reading_and_writing_wins(aws, changes, clients, change):
    put_judged(aws, "blur")
    claimed = put_judged(aws, "blur", status="PROCESSING", last_revision=2)
    put_judged(aws, "blur")

    def claim(**_kwargs):
        aws.put_item(claimed)

    clients["dynamodb"].meta.events.register("before-call.dynamodb.TransactWriteItems", claim)
    try:
        outcome = changes.apply(change)
    finally:
        clients["dynamodb"].meta.events.unregister("before-call.dynamodb.TransactWriteItems", claim)

    assert outcome == "conflict"
    assert record_of(aws) == claimed


def test_an_image_with_too_many_revisions_can_be_blocked_but_not_be_shown_again(aws, changes):
    put_judged(aws, "blur", revision=100, last_revision=100)

    assert changes.apply(override("allow", revision=100)) == "exhausted"
    assert changes.apply(override("block", revision=100)) == "applied"


@pytest.mark.parametrize(
    "document",
    [
        {"source": "rejudge"},
        {"judgement": {"policies": {}, "policy_version": "p"}},
        {"decision": "hide"},
        {"source": "me"},
        {"image_id": "../x"},
        {"revision": "first"},
    ],
)
def test_a_change_with_a_fault_breaks_the_contract(document):
    valid = {"image_id": ID, "revision": 1, "decision": "block", "source": "override"}

    with pytest.raises(ContractError):
        Change.from_state(valid | document)
