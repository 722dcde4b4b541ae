"""The policy: what labels lead to, and the shipped policy."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.policy.examples import failures_of
from functions.policy.policy import Answer, Policy
from functions.policy.rules import Fallback, Review
from functions.policy.taxonomy import PARENTS
from functions.shared.contracts import ContentType, Label, Rendering
from functions.shared.errors import UndeterminedError
from functions.shared.status import Decision
from tests.unit.policy.documents import LABELS, answer, label, level, lineage

SHIPPED = Policy.shipped()
DOCUMENT = {
    "version": "test",
    "minimum_confidence": 50,
    "default": {"confidence": 80, "action": "blur", "reason": "UNKNOWN_LABEL"},
    "rules": [
        {"label": "Explicit", "action": "blur", "confidence": 60, "reason": "NUDITY", "severity": 3},
        {"label": "Explicit", "action": "block", "confidence": 90, "reason": "NUDITY", "severity": 5},
        {"label": "Sex Toys", "action": "block", "confidence": 70, "reason": "SEX", "severity": 2},
        {"label": "Non-Explicit Nudity", "action": "blur", "confidence": 70, "reason": "PARTIAL",
         "unless": ["Illustrated"]},
        {"label": "Non-Explicit Nudity", "action": "review", "confidence": 90, "reason": "DRAWN",
         "content_types": ["Illustrated"], "queue": "art"},
        {"label": "Bare Back", "action": "allow"},
        {"label": "Alcohol", "action": "allow"},
    ],
    "review": {"after_seconds": 3600, "fallback": "hold"},
}  # fmt: skip
POLICY = Policy.from_document(DOCUMENT)
ILLUSTRATED = ContentType("Illustrated", 80)


def decision(*labels, policy=POLICY, types=()):
    return policy.evaluate(answer(*labels, types=types)).decision


def test_a_picture_without_labels_is_allowed():
    assert decision() is Decision.ALLOW


@pytest.mark.parametrize(
    ("name", "confidence", "expected"),
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
def test_a_decision_starts_at_exactly_its_confidence(name, confidence, expected):
    assert decision(label(name, confidence)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Explicit Nudity", "block"),
        ("Exposed Female Nipple", "block"),
        ("Drinking", "allow"),
        ("Implied Nudity", "blur"),
    ],
)
def test_a_label_without_a_rule_takes_its_nearest_ancestor_s(name, expected):
    assert decision(label(name, 95)) == expected


@pytest.mark.parametrize(("confidence", "expected"), [(79, "allow"), (80, "blur")])
def test_a_label_without_any_rule_takes_the_default(confidence, expected):
    assert decision(label("Gambling", confidence)) == expected


def test_a_label_that_the_taxonomy_lacks_takes_the_rule_of_the_parent_that_it_came_with():
    assert decision(Label("Something New", "Explicit Nudity", 95, taxonomy_level=3)) == "block"
    assert decision(Label("Something New", "Something Else", 95, taxonomy_level=3)) == "blur"
    assert decision(Label("Something New", "Something New", 95)) == "blur"


@pytest.mark.parametrize(
    ("confidence", "types", "expected"),
    [
        (75, (), "blur"),
        (75, (ILLUSTRATED,), "allow"),
        (90, (ILLUSTRATED,), "review"),
        (75, (replace(ILLUSTRATED, confidence=79.9),), "blur"),
        (75, (replace(ILLUSTRATED, name="Animated"),), "blur"),
        (75, (replace(ILLUSTRATED, frame=1),), "blur"),
        (75, (replace(ILLUSTRATED, rendering=Rendering.ALPHA),), "blur"),
    ],
)
def test_a_rule_applies_only_in_views_of_its_content_types(confidence, types, expected):
    assert decision(label("Non-Explicit Nudity", confidence), types=types) == expected


def test_a_label_whose_rules_do_not_apply_to_the_view_takes_its_ancestor_s():
    drawn = Policy.from_document(DOCUMENT | {"rules": [
        {"label": "Violence", "action": "block", "confidence": 80, "reason": "VIOLENCE"},
        {"label": "Weapons", "action": "allow", "content_types": ["Illustrated"]},
    ]})  # fmt: skip

    assert decision(label("Weapons", 99), policy=drawn, types=(ILLUSTRATED,)) == "allow"
    assert decision(label("Weapons", 99), policy=drawn) == "block"


def test_the_strictest_label_decides_and_only_those_as_strict_are_named():
    evaluation = POLICY.evaluate(answer(label("Explicit", 65), label("Sex Toys", 75), label("Sex Toys", 75, frame=3)))

    assert evaluation.decision is Decision.BLOCK
    assert evaluation.deciding == ("Sex Toys",)


def test_the_reason_is_that_of_the_most_severe_rule_that_decides():
    evaluation = POLICY.evaluate(answer(label("Sex Toys", 75), label("Explicit", 95)))

    assert (evaluation.reason, evaluation.severity) == ("NUDITY", 5)
    assert evaluation.deciding == ("Sex Toys", "Explicit")


def test_a_review_has_its_queue_and_what_happens_without_a_decision():
    evaluation = POLICY.evaluate(answer(label("Implied Nudity", 90), types=(ILLUSTRATED,)))

    assert (evaluation.decision, evaluation.queue, evaluation.reason) == ("review", "art", "DRAWN")
    assert evaluation.review == Review(3600, Fallback.HOLD)


def test_an_image_that_nobody_reviews_is_blurred_after_three_days_by_default():
    assert SHIPPED.review == Review(72 * 3600, Fallback.BLUR)


def test_labels_below_the_minimum_confidence_are_not_considered():
    """At 45 % the child would excuse nothing and the parent would blur; neither is considered."""
    assert decision(label("Bare Back", 45), label("Something New", 49.9)) == "allow"
    assert decision(label("Implied Nudity", 49), *lineage("Bare Back", 99)) == "allow"


def test_a_policy_does_not_decide_on_labels_that_the_detector_was_not_asked_for():
    asked = Answer((), minimum_confidence=50.5)

    assert not POLICY.is_determined_by(asked)
    with pytest.raises(UndeterminedError, match=r"from 50 % on; the detector was asked from 50.5 % on"):
        POLICY.evaluate(asked)


def test_neither_does_a_floor():
    floor = Policy.from_document(DOCUMENT | {"minimum_confidence": 40})

    with pytest.raises(UndeterminedError):
        POLICY.evaluate(answer(asked=45), floor=floor)


def test_if_the_floor_decides_the_same_the_reason_is_the_policy_s():
    default = {"confidence": 80, "action": "block"}
    policy, floor = (
        Policy.from_document(DOCUMENT | {"rules": [], "default": default | {"reason": reason}})
        for reason in ("OWN", "FLOOR")
    )

    assert policy.evaluate(answer(label("Violence", 90)), floor).reason == "OWN"


def test_of_two_reviews_the_stricter_fallback_applies():
    rules = [{"label": "Violence", "action": "review", "confidence": 80, "reason": "VIOLENCE"}]
    policy = Policy.from_document(DOCUMENT | {"rules": rules, "review": {"after_seconds": 60, "fallback": "blur"}})
    floor = Policy.from_document(DOCUMENT | {"rules": rules, "review": {"after_seconds": 90, "fallback": "block"}})

    assert policy.evaluate(answer(label("Violence", 90)), floor).review == Review(60, Fallback.BLOCK)


def test_the_answer_of_a_release_that_did_not_store_what_was_asked_for_was_asked_from_50():
    stored = {"labels": [{"name": "Weapons", "parent": "Violence", "confidence": 91.5}], "policy_version": "1"}

    read = Answer.from_state(stored)

    assert (read.minimum_confidence, read.detector, read.content_types) == (50, "rekognition", ())
    assert read.labels == (Label("Weapons", "Violence", 91.5),)


def test_an_allowed_label_is_not_undone_by_its_own_ancestors():
    assert decision(*lineage("Bare Back", 99)) is Decision.ALLOW


def test_an_allowed_label_excuses_no_sibling():
    evaluation = POLICY.evaluate(answer(*lineage("Bare Back", 99), label("Implied Nudity", 75)))

    assert evaluation.decision is Decision.BLUR
    assert evaluation.deciding == ("Non-Explicit Nudity", "Non-Explicit Nudity of Intimate parts and Kissing",
                                  "Implied Nudity")  # fmt: skip


def test_an_allowed_label_excuses_no_ancestor_that_is_more_certain():
    assert decision(label("Bare Back", 60), label("Non-Explicit Nudity", 95)) is Decision.BLUR


def test_an_allowed_label_in_one_rendering_excuses_nothing_in_another():
    labels = [
        *(replace(each, rendering=Rendering.OVER_WHITE) for each in lineage("Bare Back", 99)),
        replace(label("Non-Explicit Nudity", 90), rendering=Rendering.ALPHA),
    ]

    assert POLICY.evaluate(answer(*labels)).deciding == ("Non-Explicit Nudity",)


def test_an_allowed_label_in_one_frame_excuses_nothing_in_another():
    labels = [*lineage("Bare Back", 99), label("Non-Explicit Nudity", 90, frame=1)]

    assert POLICY.evaluate(answer(*labels)).deciding == ("Non-Explicit Nudity",)


@settings(deadline=None)
@given(st.lists(st.builds(label, st.sampled_from(LABELS), st.floats(50, 100), frame=st.integers(0, 2))))
def test_one_more_frame_never_makes_a_verdict_milder(labels):
    order = list(Decision)

    extra = decision(*labels, *lineage("Explicit Nudity", 75, frame=9))

    assert order.index(extra) >= max(order.index(decision(*labels)), order.index(Decision.BLUR))


def test_the_shipped_policy_passes_its_examples():
    assert failures_of(SHIPPED) == ()
    assert {example.decision for example in SHIPPED.examples} == {"allow", "blur", "block"}


def test_the_shipped_policy_has_a_rule_for_every_top_category():
    assert {name for name, parent in PARENTS.items() if not parent} <= SHIPPED.rules.keys()


def test_the_taxonomy_has_three_levels_and_no_parent_is_missing():
    assert {level(name) for name in PARENTS} == {1, 2, 3}
    assert {parent for parent in PARENTS.values() if parent} <= PARENTS.keys()
