"""The policy: what labels lead to, and what a policy file may say."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.policy.policy import Policy
from functions.policy.taxonomy import PARENTS
from functions.shared.contracts import Decision, Label, Rendering
from functions.shared.errors import PolicyError

SHIPPED = Policy.from_file()
DOCUMENT = {
    "version": "test",
    "minimum_confidence": 50,
    "default": {"blur": 80},
    "rules": {
        "Explicit": {"blur": 60, "block": 90},
        "Sex Toys": {"block": 70},
        "Non-Explicit Nudity": {"blur": 70},
        "Bare Back": "allow",
        "Alcohol": "allow",
    },
}
POLICY = Policy.from_document(DOCUMENT)


def level(name: str) -> int:
    return 1 + level(PARENTS[name]) if PARENTS[name] else 1


def label(name: str, confidence: float, *, frame: int = 0) -> Label:
    return Label(name, PARENTS[name], confidence, taxonomy_level=level(name), frame=frame)


def lineage(name: str, confidence: float, *, frame: int = 0) -> list[Label]:
    """A label with its ancestors, as Rekognition reports it."""
    parents = lineage(PARENTS[name], confidence, frame=frame) if PARENTS[name] else []
    return [label(name, confidence, frame=frame), *parents]


def test_a_picture_without_labels_is_allowed():
    assert POLICY.evaluate([]).decision is Decision.ALLOW


@pytest.mark.parametrize(
    ("name", "confidence", "decision"),
    [
        ("Explicit", 59.9, "allow"),
        ("Explicit", 60, "blur"),
        ("Explicit", 89.9, "blur"),
        ("Explicit", 90, "block"),
        ("Sex Toys", 69.9, "allow"),
        ("Sex Toys", 70, "block"),
        ("Alcohol", 100, "allow"),
    ],
)
def test_a_decision_starts_at_exactly_its_confidence(name, confidence, decision):
    assert POLICY.evaluate([label(name, confidence)]).decision == decision


@pytest.mark.parametrize(
    ("name", "decision"),
    [
        ("Explicit Nudity", "block"),
        ("Exposed Female Nipple", "block"),
        ("Drinking", "allow"),
        ("Implied Nudity", "blur"),
    ],
)
def test_a_label_without_a_rule_takes_its_nearest_ancestor_s(name, decision):
    assert POLICY.evaluate([label(name, 95)]).decision == decision


@pytest.mark.parametrize(("confidence", "decision"), [(79, "allow"), (80, "blur")])
def test_a_label_without_any_rule_takes_the_default(confidence, decision):
    assert POLICY.evaluate([label("Gambling", confidence)]).decision == decision


def test_a_label_that_the_taxonomy_lacks_takes_the_rule_of_the_parent_that_it_came_with():
    assert POLICY.evaluate([Label("Something New", "Explicit Nudity", 95, taxonomy_level=3)]).decision == "block"
    assert POLICY.evaluate([Label("Something New", "Something Else", 95, taxonomy_level=3)]).decision == "blur"
    assert POLICY.evaluate([Label("Something New", "Something New", 95)]).decision == "blur"


def test_the_worst_label_decides_and_only_those_as_bad_are_named():
    evaluation = POLICY.evaluate([label("Explicit", 65), label("Sex Toys", 75), label("Sex Toys", 75, frame=3)])

    assert evaluation.decision is Decision.BLOCK
    assert evaluation.deciding == ("Sex Toys",)


def test_an_allowed_label_is_not_undone_by_its_own_ancestors():
    assert POLICY.evaluate(lineage("Bare Back", 99)).decision is Decision.ALLOW


def test_an_allowed_label_excuses_no_sibling():
    labels = [*lineage("Bare Back", 99), label("Implied Nudity", 75)]

    evaluation = POLICY.evaluate(labels)

    assert evaluation.decision is Decision.BLUR
    assert evaluation.deciding == ("Non-Explicit Nudity", "Non-Explicit Nudity of Intimate parts and Kissing",
                                  "Implied Nudity")  # fmt: skip


def test_an_allowed_label_excuses_no_ancestor_that_is_more_certain():
    labels = [label("Bare Back", 60), label("Non-Explicit Nudity", 95)]

    assert POLICY.evaluate(labels).decision is Decision.BLUR


def test_an_allowed_label_in_one_rendering_excuses_nothing_in_another():
    labels = [
        *(replace(each, rendering=Rendering.OVER_WHITE) for each in lineage("Bare Back", 99)),
        replace(label("Non-Explicit Nudity", 90), rendering=Rendering.ALPHA),
    ]

    assert POLICY.evaluate(labels).deciding == ("Non-Explicit Nudity",)


def test_an_allowed_label_in_one_frame_excuses_nothing_in_another():
    labels = [*lineage("Bare Back", 99), label("Non-Explicit Nudity", 90, frame=1)]

    assert POLICY.evaluate(labels).deciding == ("Non-Explicit Nudity",)


@given(st.lists(st.builds(label, st.sampled_from(sorted(PARENTS)), st.floats(50, 100), frame=st.integers(0, 2))))
def test_one_more_frame_never_makes_a_verdict_milder(labels):
    order = list(Decision)
    without = POLICY.evaluate(labels)
    extra = POLICY.evaluate([*labels, *lineage("Explicit Nudity", 75, frame=9)])

    assert order.index(extra.decision) >= max(order.index(without.decision), order.index(Decision.BLUR))


@given(
    st.lists(
        st.builds(
            Label, st.sampled_from("ABC"), st.sampled_from(["", "A", "B", "C"]), st.floats(0, 100), st.integers(0, 4)
        )
    )
)
def test_every_answer_leads_to_a_decision_even_a_circle_of_parents(labels):
    assert POLICY.evaluate(labels).decision in Decision


@pytest.mark.parametrize(
    ("name", "confidence", "decision"),
    [
        ("Weapons", 97.4, "blur"),
        ("Exposed Buttocks or Anus", 93.1, "blur"),
        ("Explicit Sexual Activity", 99.2, "block"),
        ("Nazi Party", 85, "block"),
        ("Blood & Gore", 75, "blur"),
        ("Corpses", 75, "blur"),
        ("Middle Finger", 95, "blur"),
        ("Implied Nudity", 90, "blur"),
        ("Bare Back", 99, "allow"),
        ("Kissing on the Lips", 99, "allow"),
        ("Female Swimwear or Underwear", 99, "allow"),
        ("Smoking", 99, "allow"),
        ("Drinking", 99, "allow"),
        ("Gambling", 99, "allow"),
    ],
)
def test_the_shipped_policy_decides_what_rekognition_reports(name, confidence, decision):
    assert SHIPPED.evaluate(lineage(name, confidence)).decision == decision


def test_the_shipped_policy_has_a_rule_for_every_top_category():
    assert {name for name, parent in PARENTS.items() if not parent} <= SHIPPED.rules.keys()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"version": ""}, "version must be a string that is not empty"),
        ({"version": 3}, "version must be a string that is not empty"),
        ({"minimum_confidence": 101}, "minimum_confidence is 101; it must be from 0 to 100"),
        ({"minimum_confidence": "high"}, "minimum_confidence is 'high'; it must be a percentage"),
        ({"minimum_confidence": True}, "minimum_confidence is True; it must be a percentage"),
        ({"minimum_confidence": float("nan")}, "minimum_confidence is nan; it must be a percentage"),
        ({"default": "allow"}, "default must blur or block"),
        ({"default": "blur"}, 'default must be "allow" or have the confidence'),
        ({"rules": []}, "rules must be an object"),
        ({"rules": {"Explicit Nuditty": {"blur": 60}}}, "'Explicit Nuditty' is not a label of Rekognition"),
        ({"rules": {"Explicit": {}}}, "rules: 'Explicit' must be \"allow\" or have the confidence"),
        ({"rules": {"Explicit": {"blurr": 60}}}, "rules: 'Explicit' must be \"allow\" or have the confidence"),
        ({"rules": {"Explicit": {"blur": 40}}}, "rules: 'Explicit': blur is 40; it must be from 50 to 100"),
        ({"rules": {"Explicit": {"blur": None}}}, "rules: 'Explicit': blur is None; it must be a percentage"),
        (
            {"rules": {"Explicit": {"blur": 80, "block": 80}}},
            "rules: 'Explicit' blocks from 80, so it never blurs",
        ),
        ({"extra": 1}, "extra is unknown"),
    ],
)
def test_a_fault_in_a_policy_is_named(changed, message):
    with pytest.raises(PolicyError) as raised:
        Policy.from_document(DOCUMENT | changed)

    assert message in str(raised.value)


def test_all_faults_are_named_at_once():
    with pytest.raises(PolicyError) as raised:
        Policy.from_document({"version": "1", "rules": {"A": 1, "B": {"blur": 200}}, "minimum_confidence": 50})

    assert str(raised.value) == (
        "default is missing; "
        "rules: 'A' is not a label of Rekognition; "
        "rules: 'B' is not a label of Rekognition; "
        "rules: 'A' must be \"allow\" or have the confidence from which to blur, to block, or both; "
        "rules: 'B': blur is 200; it must be from 50 to 100"
    )


@pytest.mark.parametrize("text", ["", "{", "[]", '"allow"'])
def test_a_file_that_holds_no_policy_is_refused(tmp_path, text):
    path = tmp_path / "policy.json"
    path.write_text(text)

    with pytest.raises(PolicyError):
        Policy.from_file(path)


def test_a_policy_is_read_from_its_file(tmp_path):
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(DOCUMENT))

    assert Policy.from_file(path) == POLICY


def test_the_taxonomy_has_three_levels_and_no_parent_is_missing():
    assert {level(name) for name in PARENTS} == {1, 2, 3}
    assert {parent for parent in PARENTS.values() if parent} <= PARENTS.keys()
