"""Diffs and rejudgements by the API: what is started, every refusal, and how far one is."""

import json

import pytest

from functions.shared.documents import as_json
from functions.shared.rejudgements import Mode, Rejudgement, report_key, summary_key
from tests import library
from tests.fakes.aws import REPORTS
from tests.fakes.machines import Machine
from tests.fakes.openapi import assert_described

UNKNOWN = "01JDXYZ0000000000000000000"


@pytest.fixture
def machine(aws, monkeypatch):
    made = Machine("rejudge")
    monkeypatch.setenv("REJUDGE_STATE_MACHINE_ARN", made.arn)
    return made


@pytest.fixture
def stored(machine, call):
    """Store the policies of tests/library.py; BEFORE is active."""
    for policy in (library.BEFORE, library.AFTER):
        assert call("PUT", "/v1/policies/default", policy.document).status == 201
        assert call("POST", "/v1/policies/default/check", {"digest": policy.digest}).status == 200
    activate(call, library.BEFORE)
    return call


def activate(call, policy, name="default"):
    call("PUT", f"/v1/policies/{name}", policy.document)
    call("POST", f"/v1/policies/{name}/check", {"digest": policy.digest})
    assert call("POST", f"/v1/policies/{name}/activate", {"digest": policy.digest}).status == 200


def put(aws, key, document):
    aws.s3.put_object(Bucket=REPORTS, Key=key, Body=json.dumps(document).encode())


def started(machine):
    (document,) = machine.started().values()
    return Rejudgement.from_state(document)


def test_a_diff_starts_the_state_machine_with_both_digests(machine, stored):
    answer = stored("POST", "/v1/policies/default/diff", {"candidate": library.AFTER.digest})

    assert answer.status == 202
    assert_described(answer.document, "Rejudgement")
    asked = started(machine)
    assert (asked.mode, asked.candidate, asked.against) == (Mode.DIFF, library.AFTER.digest, library.BEFORE.digest)
    assert asked.manifest == asked.id == answer.document["id"]


def test_the_candidate_of_a_diff_is_the_shadowed_version_unless_it_is_given(machine, stored):
    stored("POST", "/v1/policies/default/shadow", {"digest": library.AFTER.digest})

    assert stored("POST", "/v1/policies/default/diff", {}).status == 202

    assert started(machine).candidate == library.AFTER.digest


def test_a_diff_of_policies_that_consider_other_labels_is_refused_and_names_both(machine, stored):
    other = library.policy("other", minimum=60, Violence=("block", 80))
    stored("PUT", "/v1/policies/default", other.document)

    answer = stored("POST", "/v1/policies/default/diff", {"candidate": other.digest})

    assert (answer.status, answer.document["field"]) == (400, "against")
    assert "50" in answer.document["detail"]
    assert "60" in answer.document["detail"]
    assert machine.started() == {}


@pytest.mark.parametrize(("body", "status", "field"), [
    ({}, 404, None),
    ({"candidate": "0" * 64}, 404, None),
    ({"candidate": "newest"}, 400, "candidate"),
    ({"candidate": "active", "against": 1}, 400, "against"),
    ({"candidate": "active", "digest": "active"}, 400, "digest"),
])  # fmt: skip
def test_a_diff_that_names_no_version_is_refused(machine, stored, body, status, field):
    answer = stored("POST", "/v1/policies/default/diff", body)

    assert (answer.status, answer.document.get("field")) == (status, field)
    assert machine.started() == {}


def test_a_rejudgement_is_a_dry_run_by_the_active_policy_unless_more_is_asked_for(machine, stored):
    answer = stored("POST", "/v1/rejudgements", {})

    assert answer.status == 202
    asked = started(machine)
    assert (asked.mode, asked.candidate, asked.against) == (Mode.DRY_RUN, library.BEFORE.digest, "")
    assert (asked.cap, asked.confirmed) == (1000, False)


def test_a_rejudgement_pins_the_floor(machine, stored):
    floor = library.policy("floor", Violence="allow", Alcohol="allow", Gambling="allow", Explicit="allow")
    activate(stored, floor, "floor")

    stored("POST", "/v1/rejudgements", {"mode": "apply", "cap": 5, "confirm": True})

    asked = started(machine)
    assert (asked.mode, asked.floor, asked.cap, asked.confirmed) == (Mode.APPLY, floor.digest, 5, True)


@pytest.mark.parametrize(("body", "field"), [
    ({"mode": "diff"}, "mode"),
    ({"cap": -1}, "cap"),
    ({"cap": 1.5}, "cap"),
    ({"confirm": "yes"}, "confirm"),
    ({"tenant": "a b"}, "tenant"),
    ({"policy": "a b"}, "policy"),
    ({"manifest": "x"}, "manifest"),
    ({"limit": 5}, "limit"),
    ({"manifest": UNKNOWN, "tenant": "default"}, "body"),
    ({"manifest": UNKNOWN, "mode": "dry_run"}, "body"),
])  # fmt: skip
def test_an_invalid_rejudgement_is_refused_with_the_member(machine, stored, body, field):
    answer = stored("POST", "/v1/rejudgements", body)

    assert (answer.status, answer.document["field"]) == (400, field)
    assert machine.started() == {}


def test_unknown_parameters_are_refused(machine, stored):
    assert stored("POST", "/v1/rejudgements", {}, tenant="default").status == 400
    assert stored("GET", f"/v1/rejudgements/{UNKNOWN}", full="1").status == 400


def test_a_manifest_is_applied_with_the_policy_that_made_it(machine, stored):
    first = stored("POST", "/v1/rejudgements", {}).document["id"]

    answer = stored("POST", "/v1/rejudgements", {"manifest": first, "cap": 7})

    assert answer.status == 202
    asked = Rejudgement.from_state(list(machine.started().values())[-1])
    assert (asked.manifest, asked.mode, asked.candidate, asked.cap) == (first, Mode.APPLY, library.BEFORE.digest, 7)
    assert asked.id != first


def test_a_manifest_of_a_policy_that_is_not_active_any_more_is_not_applied(machine, stored):
    first = stored("POST", "/v1/rejudgements", {}).document["id"]
    activate(stored, library.AFTER)

    answer = stored("POST", "/v1/rejudgements", {"manifest": first})

    assert (answer.status, answer.document["field"]) == (409, "manifest")
    assert len(machine.started()) == 1


def test_a_manifest_under_another_floor_is_not_applied(machine, stored):
    first = stored("POST", "/v1/rejudgements", {}).document["id"]
    floor = library.policy("floor", Violence="allow", Alcohol="allow", Gambling="allow", Explicit="allow")
    activate(stored, floor, "floor")

    assert stored("POST", "/v1/rejudgements", {"manifest": first}).status == 409


def test_a_diff_is_not_applied(machine, stored):
    diff = stored("POST", "/v1/policies/default/diff", {"candidate": library.AFTER.digest}).document["id"]

    answer = stored("POST", "/v1/rejudgements", {"manifest": diff})

    assert (answer.status, len(machine.started())) == (409, 1)


@pytest.mark.parametrize("unknown", [UNKNOWN, "nonsense", "..%2F.."])
def test_an_unknown_rejudgement_is_404(stored, unknown):
    assert stored("GET", f"/v1/rejudgements/{unknown}").status == 404


def test_an_unknown_manifest_is_404(machine, stored):
    assert stored("POST", "/v1/rejudgements", {"manifest": UNKNOWN}).status == 404
    assert machine.started() == {}


def test_progress_counts_days_and_parts(aws, machine, stored):
    new = stored("POST", "/v1/rejudgements", {}).document["id"]
    put(aws, f"manifests/{new}/days.json", ["2026-11-20", "2026-11-21"])
    put(aws, f"manifests/{new}/days/2026-11-20", {})
    put(aws, summary_key(new), {"parts": {"tighten": 2, "relax": 1}})
    put(aws, f"manifests/{new}/finished/tighten/a", {})

    shown = stored("GET", f"/v1/rejudgements/{new}").document

    assert_described(shown, "Rejudgement")
    assert shown["status"] == "RUNNING"
    assert shown["progress"] == {"days": 2, "surveyed_days": 1, "parts": 3, "applied_parts": 1}


def test_an_execution_that_ended_without_a_report_has_failed(machine, stored):
    new = stored("POST", "/v1/rejudgements", {}).document["id"]
    (arn,) = machine.started()
    machine.end(arn)

    assert stored("GET", f"/v1/rejudgements/{new}").document["status"] == "FAILED"


def test_a_report_over_the_cap_names_cap_and_count_and_what_to_do(aws, machine, stored):
    new = stored("POST", "/v1/rejudgements", {"mode": "apply", "cap": 3}).document["id"]
    tally = {"images": {"changed": 12}, "transitions": {}, "parts": {}, "outcomes": {}}
    put(aws, report_key(new), {"result": "over_cap", **tally})

    shown = stored("GET", f"/v1/rejudgements/{new}").document

    assert shown["status"] == "OVER_CAP"
    assert shown["detail"].startswith("cap: 12 images would change, and the cap is 3; nothing was changed.")
    assert new in shown["detail"]


def test_a_rejudgement_survives_json():
    asked = Rejudgement(UNKNOWN, UNKNOWN, Mode.APPLY, "default", "default", "c" * 64, cap=5, confirmed=True)

    assert Rejudgement.from_state(json.loads(json.dumps(asked.to_state()))) == asked
    assert asked.to_state() == as_json(asked)
