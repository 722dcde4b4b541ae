"""``image-scaler policy`` against the real function."""

import json

import pytest

from functions.policy.policy import Answer, Policy
from tests.unit.policy.documents import lineage

POLICY = {
    "version": "stricter",
    "minimum_confidence": 50,
    "default": {"confidence": 80, "action": "blur", "reason": "UNKNOWN_LABEL"},
    "rules": [{"label": "Weapons", "action": "block", "confidence": 80, "reason": "WEAPONS"}],
    "examples": [{"name": "a gun", "labels": [{"name": "Weapons", "confidence": 95}], "decision": "block"}],
}
DIGEST = Policy.from_document(POLICY).digest


@pytest.fixture
def file(tmp_path):
    def written(document=POLICY):
        path = tmp_path / "policy.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return path

    return written


def test_the_policy_in_force_is_printed_to_be_edited_and_stored_again(run, tmp_path, file):
    printed = run("policy", "get").stdout

    assert json.loads(printed) == Policy.shipped().document
    assert run("policy", "put", file(printed)).stdout == f"{Policy.shipped().digest}\n"


def test_a_file_is_stored_checked_and_activated_in_one_step(run, file):
    assert run("policy", "check", file()).stdout == f"{DIGEST}  passed\n"
    assert run("policy", "activate", file()).stdout == f"{DIGEST}  active\n"

    assert json.loads(run("policy", "get").stdout) == POLICY
    assert json.loads(run("policy", "get", "--json").stdout)["active"]["number"] == 1


def test_versions_are_listed_with_their_state(run, file):
    run("policy", "activate", file())
    run("policy", "shadow", file(POLICY | {"version": "candidate"}))
    run("policy", "put", file(POLICY | {"version": "new"}))
    run("policy", "check", file(POLICY | {"version": "failing", "rules": []}))

    lines = run("policy", "versions").stdout.splitlines()

    assert {tuple(line.split()[2:]) for line in lines} == {
        ("active", "stricter"), ("shadow", "candidate"), ("unchecked", "new"), ("failed", "failing")
    }  # fmt: skip


def test_a_version_is_printed_by_its_digest(run, file):
    run("policy", "put", file(), "--name", "avatars", "--tenant", "acme")

    printed = run("policy", "get", "--digest", DIGEST, "--name", "avatars", "--tenant", "acme")

    assert json.loads(printed.stdout) == POLICY
    assert run("policy", "get", "--digest", DIGEST).exit_code == 3


def test_a_shadow_ends(run, file):
    run("policy", "shadow", file())

    assert run("policy", "shadow", "--off").exit_code == 0
    assert json.loads(run("policy", "get", "--json").stdout)["shadow"] is None


@pytest.mark.parametrize("arguments", [(), ("--off", "0" * 64)])
def test_a_shadow_needs_a_version_or_off(run, arguments):
    assert run("policy", "shadow", *arguments).exit_code == 2


def test_every_fault_is_printed_on_a_line(run, file):
    faulty = POLICY | {"minimum_confidence": 20, "rules": [{"label": "Guns", "action": "allow"}]}

    refused = run("policy", "put", file(faulty))

    assert refused.exit_code == 1
    assert refused.stderr.splitlines()[:2] == [
        "minimum_confidence is 20; it must be from 30 to 100",
        'rules[0].label is "Guns", which is not a label of Rekognition\'s taxonomy',
    ]


def test_a_failing_example_is_printed_and_nothing_is_activated(run, file):
    refused = run("policy", "activate", file(POLICY | {"rules": []}))

    assert refused.exit_code == 1
    assert refused.stderr.startswith("a gun: expected block, got blur (UNKNOWN_LABEL)")
    assert json.loads(run("policy", "get").stdout) == Policy.shipped().document


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": "1", "version": "2"}'])
def test_a_file_that_is_no_policy_is_named(run, file, text):
    refused = run("policy", "put", file(text))

    assert refused.exit_code == 2
    assert "policy.json is not" in refused.stderr


def test_what_is_neither_a_file_nor_a_digest_is_named(run):
    refused = run("policy", "check", "missing.json")

    assert (refused.exit_code, "missing.json is neither" in refused.stderr) == (2, True)


PREVIOUS = {
    "version": "2026-11-24",
    "minimum_confidence": 50,
    "default": {"blur": 80},
    "rules": {"Explicit Sexual Activity": {"blur": 60, "block": 80}, "Alcohol": "allow"},
}


def test_a_policy_of_the_previous_release_is_converted(run, file):
    converted = Policy.from_text(run("policy", "convert", file(PREVIOUS)).stdout)

    decisions = {
        (name, confidence): converted.evaluate(Answer(tuple(lineage(name, confidence)))).decision.value
        for name in ("Explicit Sexual Activity", "Alcohol", "Weapons")
        for confidence in (59, 60, 80)
    }
    assert decisions == {
        ("Explicit Sexual Activity", 59): "allow", ("Explicit Sexual Activity", 60): "blur",
        ("Explicit Sexual Activity", 80): "block", ("Alcohol", 59): "allow", ("Alcohol", 60): "allow",
        ("Alcohol", 80): "allow", ("Weapons", 59): "allow", ("Weapons", 60): "allow", ("Weapons", 80): "blur",
    }  # fmt: skip
    assert converted.rules["Explicit Sexual Activity"][0].reason == "EXPLICIT_SEXUAL_ACTIVITY"


def test_another_file_is_not_converted(run, file):
    assert run("policy", "convert", file()).exit_code == 2
