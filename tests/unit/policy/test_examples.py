"""Examples in a policy's document: what they stand for, and what is reported if one fails."""

import pytest

from functions.policy.examples import failures_of
from functions.policy.policy import Policy

RULES = [
    {"label": "Non-Explicit Nudity", "action": "blur", "confidence": 70, "reason": "PARTIAL_NUDITY"},
    {"label": "Bare Back", "action": "allow"},
    {"label": "Weapons", "action": "block", "confidence": 90, "reason": "WEAPONS", "unless": ["Illustrated"]},
    {"label": "Violence", "action": "review", "confidence": 90, "reason": "VIOLENCE"},
]


def failures(*labels, decision, **members):
    example = {
        "name": "it",
        "labels": [{"name": n, "confidence": c} for n, c in labels],
        "decision": decision,
        **members,
    }
    policy = Policy.from_document(
        {
            "version": "1",
            "minimum_confidence": 50,
            "default": {"confidence": 80, "action": "blur", "reason": "UNKNOWN_LABEL"},
            "rules": RULES,
            "examples": [example],
        }
    )
    return [str(each) for each in failures_of(policy)]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([("Bare Back", 99)], {"decision": "allow"}),
        ([("Bare Back", 99), ("Non-Explicit Nudity", 99.5)], {"decision": "blur", "reason": "PARTIAL_NUDITY"}),
        ([("Weapons", 95)], {"decision": "block", "reason": "WEAPONS"}),
        ([("Weapons", 95)], {"decision": "review", "content_types": ["Illustrated"]}),
        ([("Something New", 80)], {"decision": "blur", "reason": "UNKNOWN_LABEL"}),
        ([], {"decision": "allow"}),
    ],
)
def test_an_example_stands_for_what_rekognition_reports(labels, expected):
    """The ancestors of a label are reported too: Bare Back comes with Non-Explicit Nudity, Weapons with Violence."""
    assert failures(*labels, **expected) == []


def test_a_failing_example_is_reported_with_what_came_out():
    assert failures(("Weapons", 95), decision="blur", reason="VIOLENCE") == [
        "it: expected blur (VIOLENCE), got block (WEAPONS), because of Weapons"
    ]


def test_an_example_fails_by_its_reason_alone():
    assert failures(("Weapons", 95), decision="block", reason="VIOLENCE") == [
        "it: expected block (VIOLENCE), got block (WEAPONS), because of Weapons"
    ]


def test_an_allowed_example_that_should_not_be_is_reported():
    assert failures(("Weapons", 60), decision="block") == ["it: expected block, got allow"]
