"""POST /v1/images/{id}/verdict overrides the verdict of an image."""

import json

import pytest

from functions.shared.aws import client
from tests.fakes.aws import GENERATED
from tests.fakes.faults import writing_at
from tests.fakes.machines import Machine
from tests.fakes.openapi import assert_described
from tests.unit.manage.conftest import image_id, put_failed, record_of

INVISIBLE = "\0\n\x7f\x85\u200b\u202e\u2028\u3164"


@pytest.fixture(autouse=True)
def stage(uploads, aws):
    """The queue of uploads and the state machine `retire`."""
    return Machine("retire")


def put_judged(aws, **changed) -> str:
    """Write the record of a published image with the claim of its upload."""
    return put_failed(aws, **{"status": "PUBLISHED", **changed})


def decide(call, identity, decision="block", *, reason="SECOND_LOOK", tenant=None, **members):
    query = {"tenant": tenant} if tenant else {}
    body = {"decision": decision, "reason": reason, **members}
    return call("POST", f"/v1/images/{identity}/verdict", json.dumps(body).encode(), **query)


def test_a_block_takes_effect_at_once(call, aws, stage):
    identity = put_judged(aws)
    aws.put_objects(GENERATED, [f"images/{identity}/a"])

    answer = decide(call, identity, note="Seen\ntwice")

    assert answer.status == 200
    assert_described(answer.document, "Overridden")
    assert answer.document == {"id": identity, "status": "BLOCKED", "decision": "block", "outcome": "applied"}
    assert record_of(aws, identity)["override"] | {"at": None} == {
        "decision": "block", "source": "override", "actor": "service", "reason": "SECOND_LOOK", "note": "Seen\ntwice",
        "at": None,
    }  # fmt: skip
    assert aws.keys(GENERATED) == []
    assert len(stage.started()) == 1


@pytest.mark.parametrize("decision", ["allow", "blur"])
def test_other_decisions_are_accepted_and_pending(call, aws, decision):
    identity = put_judged(aws, status="BLOCKED")

    answer = decide(call, identity, decision)
    shown = call("GET", f"/v1/images/{identity}").document

    assert (answer.status, answer.document["status"], answer.document["outcome"]) == (202, "BLOCKED", "queued")
    assert_described(shown, "Image")
    assert (shown["pending"]["decision"], shown["override"]["decision"]) == (decision, decision)
    assert [line["decision"] for line in shown["history"]] == [decision]


def test_a_repeated_override_is_unchanged(call, aws):
    identity = put_judged(aws)

    answers = [decide(call, identity) for _ in range(2)]

    assert [answer.document["outcome"] for answer in answers] == ["applied", "unchanged"]
    assert len(call("GET", f"/v1/images/{identity}/history").document["items"]) == 1


def test_overrides_of_the_same_millisecond_are_all_in_the_history_in_their_order(call, aws):
    identity = put_judged(aws, status="BLOCKED")
    notes = [str(number) for number in range(9)]

    with writing_at(client("dynamodb"), "2026-11-24T10:00:00.000Z"):
        outcomes = [decide(call, identity, note=note).document["outcome"] for note in notes]

    assert outcomes == ["applied"] * len(notes)
    history = call("GET", f"/v1/images/{identity}/history").document["items"]
    assert [line["note"] for line in reversed(history)] == notes


@pytest.mark.parametrize("status", ["PROCESSING", "HELD", "FAILED"])
def test_an_image_that_is_processed_or_ended_without_a_verdict_can_be_blocked(call, aws, status):
    identity = put_judged(aws, status=status)

    answer = decide(call, identity)

    assert answer.status == 200
    assert answer.document == {"id": identity, "status": "BLOCKED", "decision": "block", "outcome": "applied"}
    shown = call("GET", f"/v1/images/{identity}").document
    assert_described(shown, "Image")
    assert (shown["status"], shown["override"]["decision"]) == ("BLOCKED", "block")


ONLY_BLOCK = "An image that is {} can only be blocked."
NO_PICTURE = "An image that is {} has no picture to decide on."


@pytest.mark.parametrize(
    ("status", "decision", "detail"),
    [
        *(
            (status, decision, ONLY_BLOCK)
            for status in ("PROCESSING", "HELD", "FAILED")
            for decision in ("allow", "blur")
        ),
        *(
            (status, decision, NO_PICTURE)
            for status in ("AWAITING_UPLOAD", "REJECTED")
            for decision in ("allow", "block")
        ),
    ],
)
def test_a_refusal_says_what_the_status_accepts(call, aws, status, decision, detail):
    identity = put_judged(aws, status=status)
    before = record_of(aws, identity)

    answer = decide(call, identity, decision)

    assert answer.status == 409
    assert (answer.document["detail"], answer.document["image_status"]) == (detail.format(status), status)
    assert record_of(aws, identity) == before


def test_a_removed_image_is_gone(call, aws):
    identity = put_judged(aws, status="REMOVED")

    assert decide(call, identity).status == 410


def test_an_unknown_image_and_one_of_another_tenant_are_not_found(call, aws):
    identity = put_judged(aws, tenant="acme")
    before = record_of(aws, identity)

    assert decide(call, image_id(9)).status == 404
    assert decide(call, "not-an-id").status == 404
    assert decide(call, identity).status == 404
    assert decide(call, identity, tenant="other").status == 404
    assert record_of(aws, identity) == before
    assert decide(call, identity, tenant="acme").status == 200


def test_an_image_that_was_processed_too_often_cannot_be_shown_again(call, aws):
    identity = put_judged(aws, status="BLOCKED", last_revision=100)

    assert decide(call, identity, "allow").status == 409
    assert "override" not in record_of(aws, identity)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{}", "decision"),
        (b'{"decision": "allow"}', "reason"),
        (b'{"decision": "allow", "decision": "block", "reason": "R"}', "decision"),
        (b'{"decision": "review", "reason": "R"}', "decision"),
        (b'{"decision": "hold", "reason": "R"}', "decision"),
        (b'{"decision": "block", "reason": "  "}', "reason"),
        (b'{"decision": "block", "reason": 5}', "reason"),
        (b'{"decision": "block", "reason": "R", "actor": "me"}', "actor"),
        (b'{"decision": "block", "reason": "R", "note": ""}', "note"),
        (b'{"decision": "block", "reason": "R", "note": "  "}', "note"),
        *((json.dumps({"decision": "block", "reason": f"a{each}b"}).encode(), "reason") for each in INVISIBLE),
        *(
            (json.dumps({"decision": "block", "reason": "R", "note": f"a{each}b"}).encode(), "note")
            for each in INVISIBLE.replace("\n", "")
        ),
        (json.dumps({"decision": "block", "reason": "r" * 201}).encode(), "reason"),
        (json.dumps({"decision": "block", "reason": "r", "note": "n" * 2001}).encode(), "note"),
    ],
)
def test_a_body_with_a_fault_is_refused_with_the_members_name(call, aws, body, field):
    identity = put_judged(aws)
    before = record_of(aws, identity)

    answer = call("POST", f"/v1/images/{identity}/verdict", body)

    assert (answer.status, answer.document["field"]) == (400, field)
    assert record_of(aws, identity) == before


@pytest.mark.parametrize("query", [{"tenant": "-"}, {"owner": "ann"}])
def test_a_query_with_a_fault_is_refused_with_the_parameters_name(call, aws, query):
    identity = put_judged(aws)

    answer = call("POST", f"/v1/images/{identity}/verdict", b'{"decision": "block", "reason": "R"}', **query)

    assert (answer.status, answer.document["parameter"]) == (400, next(iter(query)))
