"""Policies against another implementation of the same rules, written from docs/policies.md, on random policies."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.policy.policy import Policy
from functions.policy.taxonomy import PARENTS
from functions.shared.contracts import Label
from tests.counted import counted
from tests.unit.policy.documents import LABELS, answer, answers, documents, label, policy_of

MANY = settings(max_examples=counted(usual=80, long=5_000), deadline=None)
ORDER = ["allow", "blur", "review", "block"]

PREVIOUS = json.loads("""{
  "minimum_confidence": 50,
  "default": {"blur": 80},
  "rules": {
    "Explicit": {"blur": 60},
    "Explicit Sexual Activity": {"blur": 60, "block": 80},
    "Non-Explicit Nudity of Intimate parts and Kissing": {"blur": 85},
    "Bare Back": "allow",
    "Exposed Male Nipple": "allow",
    "Kissing on the Lips": "allow",
    "Swimwear or Underwear": "allow",
    "Violence": {"blur": 80},
    "Graphic Violence": {"blur": 70},
    "Visually Disturbing": {"blur": 70},
    "Drugs & Tobacco": "allow",
    "Alcohol": "allow",
    "Rude Gestures": {"blur": 90},
    "Gambling": "allow",
    "Hate Symbols": {"blur": 60, "block": 80}
  }
}""")
"""The policy of the release before policies were documents, in the form that it had."""


def as_rules(document):
    """Return the previous form as the list of rules of a document."""
    return [
        {"label": name, "action": action, "confidence": confidence}
        for name, levels in document["rules"].items()
        for action, confidence in (levels.items() if isinstance(levels, dict) else [("allow", 0)])
    ]


def reference(document, answer):
    """Return the decision and the names of the deciding labels."""
    considered = [each for each in answer.labels if not each.confidence < document["minimum_confidence"]]
    decisions = {}
    for position, found in enumerate(considered):
        decisions[position] = "allow" if explained(document, found, considered, answer) else decide(
            document, found, answer
        )  # fmt: skip
    worst = max(decisions.values(), key=ORDER.index, default="allow")
    names = [considered[position].name for position, each in decisions.items() if each == worst != "allow"]
    return worst, sorted(set(names), key=names.index)


def rules_for(document, found, answer):
    shown_as = {
        each.name
        for each in answer.content_types
        if each.frame == found.frame and each.rendering == found.rendering
        and not each.confidence < document.get("content_type_confidence", 80)
    }  # fmt: skip
    name, seen = found.name, set()
    while name and name not in seen:
        seen.add(name)
        fitting = []
        for rule in document["rules"]:
            if rule["label"] != name:
                continue
            if "content_types" in rule and not shown_as.intersection(rule["content_types"]):
                continue
            if shown_as.intersection(rule.get("unless", ())):
                continue
            fitting.append(rule)
        if fitting:
            return fitting
        name = PARENTS.get(name, found.parent)
    return [document["default"]]


def decide(document, found, answer):
    strictest = "allow"
    for rule in rules_for(document, found, answer):
        if rule["action"] != "allow" and found.confidence >= rule["confidence"]:
            strictest = ORDER[max(ORDER.index(strictest), ORDER.index(rule["action"]))]
    return strictest


def explained(document, found, considered, answer):
    children = [
        each for each in considered
        if (each.parent, each.frame, each.rendering) == (found.name, found.frame, found.rendering)
        and each.taxonomy_level > found.taxonomy_level
    ]  # fmt: skip
    if not [each for each in children if each.confidence >= found.confidence]:
        return False
    return all(
        {rule["action"] for rule in rules_for(document, each, answer)} == {"allow"}
        or explained(document, each, considered, answer)
        for each in children
    )


@MANY
@given(documents(), answers)
def test_a_policy_decides_as_the_reference_does(document, found):
    policy = policy_of(document)

    evaluation = policy.evaluate(found)

    assert (evaluation.decision, list(evaluation.deciding)) == reference(policy.document, found)


@MANY
@given(documents(), documents(), answers)
def test_with_a_floor_the_stricter_of_both_decides(document, floor, found):
    policy, least = policy_of(document), policy_of(floor)

    decided = policy.evaluate(found, floor=least).decision

    assert decided == max((reference(each.document, found)[0] for each in (policy, least)), key=ORDER.index)


@MANY
@given(documents(), answers)
def test_a_verdict_names_a_reason_a_severity_and_a_queue_unless_it_allows(document, found):
    policy = policy_of(document)

    evaluation = policy.evaluate(found)

    described = {
        (rule["reason"], rule.get("severity", 1), rule.get("queue", "default"))
        for rule in (*policy.document["rules"], policy.document["default"])
        if rule["action"] == evaluation.decision != "allow"
    } or {("", 0, "")}
    assert (evaluation.reason, evaluation.severity, evaluation.queue) in described
    assert (evaluation.review is not None) == (evaluation.decision == "review")


@MANY
@given(
    st.lists(
        st.builds(
            label,
            st.sampled_from([*LABELS, "Something New"]),
            st.one_of(st.sampled_from([60, 70, 80, 85, 90]), st.floats(50, 100)),
            frame=st.integers(0, 2),
        ),
        max_size=12,
    )
)
def test_the_shipped_policy_decides_as_that_of_the_previous_release(labels):
    found = answer(*labels, asked=50)
    default = {"action": "blur", "confidence": PREVIOUS["default"]["blur"]}

    evaluation = Policy.shipped().evaluate(found)

    previous = {**PREVIOUS, "default": default, "rules": as_rules(PREVIOUS)}
    assert (evaluation.decision, list(evaluation.deciding)) == reference(previous, found)


@MANY
@given(
    st.lists(
        st.builds(
            Label, st.sampled_from("ABC"), st.sampled_from(["", "A", "B", "C"]), st.integers(30, 100), st.integers(0, 4)
        )
    )
)
def test_every_answer_leads_to_a_decision_even_a_circle_of_parents(labels):
    assert Policy.shipped().evaluate(answer(*labels)).decision in ORDER
