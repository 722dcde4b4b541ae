"""Diffs and rejudgements by the client and by the command."""

import json

import httpx
import pytest
from typer.testing import CliRunner

from image_scaler import cli
from image_scaler.cli import rejudging
from image_scaler.cli.app import ExitCode
from image_scaler.client import Client, NotFoundError, UnexpectedAnswerError, WaitTimeoutError
from image_scaler.client.results import Rejudgement

ID = "01JDXYZ0000000000000000000"
MANIFEST = "01JDXYZ0000000000000000001"


def answer(status="RUNNING", **members):
    document = {"id": ID, "manifest": MANIFEST, "mode": "apply", "status": status, **members}
    return httpx.Response(200, json=document)


def progress(surveyed, days, applied=0, parts=0):
    return {"surveyed_days": surveyed, "days": days, "applied_parts": applied, "parts": parts}


REPORT = {
    "result": "applied",
    "images": {"surveyed": 12, "changed": 2, "tighten": 2},
    "transitions": {"allow->block": {"count": 2, "labels": {"Weapons": 2}, "examples": [ID]}},
    "outcomes": {"applied": 2},
}


@pytest.mark.parametrize(("call", "path", "body"), [
    (lambda client: client.rejudgements.diff("a" * 64), "/v1/policies/default/diff",
     {"candidate": "a" * 64, "against": "active"}),
    (lambda client: client.rejudgements.diff("shadow", "active", policy="art", tenant="acme"),
     "/v1/policies/art/diff?tenant=acme", {"candidate": "shadow", "against": "active"}),
    (lambda client: client.rejudgements.start(), "/v1/rejudgements",
     {"mode": "dry_run", "policy": "default", "confirm": False}),
    (lambda client: client.rejudgements.start(mode="apply", policy="art", tenant="acme", cap=5, confirm=True),
     "/v1/rejudgements",
     {"mode": "apply", "policy": "art", "tenant": "acme", "cap": 5, "confirm": True}),
    (lambda client: client.rejudgements.apply(MANIFEST, cap=0), "/v1/rejudgements",
     {"manifest": MANIFEST, "cap": 0, "confirm": False}),
])  # fmt: skip
def test_a_call_sends_what_the_api_takes(scripted, call, path, body):
    requests = []

    started = call(scripted(answer(), requests=requests))

    assert (started.id, started.manifest, started.is_running) == (ID, MANIFEST, True)
    (sent,) = requests
    assert sent.method == "POST"
    assert str(sent.url).startswith(f"https://images.example.com{path}")
    assert json.loads(sent.content) == body


def test_waiting_reports_each_progress_and_returns_the_report(scripted):
    client = scripted(
        answer(progress=progress(0, 2)),
        answer(progress=progress(0, 2)),
        answer(progress=progress(2, 2, 1, 3)),
        answer("APPLIED", progress=progress(2, 2, 3, 3), report=REPORT),
    )
    seen = []

    ended = client.rejudgements.wait(ID, on_change=lambda each: seen.append((each.days, each.parts)))

    assert seen == [((0, 2), (0, 0)), ((2, 2), (1, 3)), ((2, 2), (3, 3))]
    assert (ended.status, ended.changed) == ("APPLIED", 2)


def test_waiting_ends_in_time(scripted):
    with pytest.raises(WaitTimeoutError, match=f"{ID} is still RUNNING"):
        scripted(answer()).rejudgements.wait(ID, within_seconds=0)


def test_what_cannot_be_an_id_is_not_asked_for(scripted):
    with pytest.raises(NotFoundError):
        scripted().rejudgements.get("../images")


def test_a_document_of_another_kind_is_a_told_mistake():
    with pytest.raises(UnexpectedAnswerError, match="not a rejudgement"):
        Rejudgement.from_document({"id": ID})


# --- the command


@pytest.fixture
def run(scripted, monkeypatch):
    """Run a command against these responses."""

    def ran(*arguments, answers):
        client = scripted(*answers)
        monkeypatch.setattr(Client, "from_profile", lambda _profile: client)
        monkeypatch.setattr(rejudging, "profile_of", lambda name: name)
        return CliRunner().invoke(cli.app, list(arguments))

    return ran


def test_a_diff_prints_transitions_with_labels_and_examples(run):
    done = run("policy", "diff", "shadow", answers=[answer(), answer("REPORTED", report=REPORT)])

    assert done.exit_code == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == [ID, "REPORTED"]
    assert ["allow->block", "2", "(Weapons", "2)"] in lines
    assert ["for", "example", ID] in lines


def test_a_rejudgement_names_its_manifest_and_prints_the_outcomes(run):
    done = run("rejudge", "--apply", "--cap", "5", answers=[answer(), answer("APPLIED", report=REPORT)])

    assert done.exit_code == 0
    assert f"rejudgement {ID}, manifest {MANIFEST}" in done.stderr
    assert ["applied", "2"] in [line.split() for line in done.stdout.splitlines()]


@pytest.mark.parametrize(("status", "members", "said"), [
    ("OVER_CAP", {"detail": "cap: 2 images would change"}, "cap: 2 images would change"),
    ("FAILED", {"error": "ThrottledError"}, "ThrottledError"),
])  # fmt: skip
def test_a_rejudgement_that_changes_nothing_or_fails_is_a_failure(run, status, members, said):
    done = run("rejudge", "--manifest", MANIFEST, answers=[answer(), answer(status, **members)])

    assert done.exit_code == ExitCode.FAILED
    assert said in done.stdout


def test_a_report_as_json_is_the_apis_document(run):
    done = run("rejudge", "--json", answers=[answer(), answer("REPORTED", report=REPORT)])

    assert json.loads(done.stdout)["report"] == REPORT


def test_a_tenant_cannot_be_given_with_a_manifest(run):
    done = run("rejudge", "--manifest", MANIFEST, "--tenant", "acme", answers=[])

    assert done.exit_code == ExitCode.USAGE
    assert "--tenant" in done.stderr
