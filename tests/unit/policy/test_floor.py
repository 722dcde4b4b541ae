"""No policy is milder than the floor: what is found before a policy is activated."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from functions.policy.floor import milder_than
from functions.policy.policy import Policy
from functions.shared.status import Decision
from tests.counted import counted
from tests.unit.policy.documents import answers, documents, policy_of, rules

ORDER = list(Decision)


def policy(*listed, default=("blur", 80), **members):
    action, confidence = default
    return Policy.from_document(
        {
            "version": "1",
            "minimum_confidence": 50,
            "default": {"confidence": confidence, "action": action, "reason": "UNKNOWN_LABEL"},
            "rules": [{"reason": "ANY", **rule} for rule in listed],
            **members,
        }
    )


def rule(action, label="Weapons", confidence=None, **members):
    return {"label": label, "action": action, **({"confidence": confidence} if confidence else {}), **members}


FLOOR = policy(rule("blur", confidence=70), rule("block", confidence=90))


def found(candidate, floor=FLOOR):
    return {(each.label, each.content_types, each.confidence, each.policy, each.floor)
            for each in milder_than(candidate, floor)}  # fmt: skip


def test_a_policy_is_not_milder_than_itself():
    assert milder_than(FLOOR, FLOOR) == []
    assert milder_than(Policy.shipped(), Policy.shipped()) == []


def test_a_stricter_policy_is_not_milder():
    assert milder_than(policy(rule("block", confidence=50), default=("review", 60)), FLOOR) == []


@pytest.mark.parametrize(
    ("candidate", "places"),
    [
        (policy(rule("blur", confidence=71), rule("block", confidence=90)), {("Weapons", (), 70, "allow", "blur")}),
        (policy(rule("blur", confidence=60)), {("Weapons", (), 90, "blur", "block")}),
        (policy(rule("review", confidence=60)), {("Weapons", (), 90, "review, then blur", "block")}),
        (policy(rule("allow")), {("Weapons", (), 70, "allow", "blur"), ("Weapons", (), 80, "allow", "blur"),
                                 ("Weapons", (), 90, "allow", "block")}),
        (policy(rule("block", confidence=70), minimum_confidence=70, default=("block", 80)), set()),
    ],
)  # fmt: skip
def test_a_place_is_where_the_floor_becomes_stricter(candidate, places):
    assert {each for each in found(candidate) if not each[1] and each[0] == "Weapons"} == places


def test_a_milder_default_is_milder_for_every_label_without_a_rule():
    labels = {each.label for each in milder_than(policy(rule("block", confidence=50), default=("blur", 81)), FLOOR)}

    assert {"Gambling", "Bare Back", "a label without a rule"} <= labels
    assert "Weapons" not in labels


def test_a_policy_that_is_milder_for_one_content_type_is_named_with_it():
    candidate = policy(
        rule("block", confidence=60, unless=["Illustrated"]), rule("blur", confidence=60, content_types=["Illustrated"])
    )

    assert found(candidate) == {
        ("Weapons", ("Illustrated (80 %)",), 90, "blur", "block"),
    }


def test_a_policy_that_sees_a_content_type_earlier_than_the_floor_is_milder():
    drawn = (rule("block", confidence=60, unless=["Illustrated"]), rule("allow", content_types=["Illustrated"]))

    places = milder_than(policy(*drawn, content_type_confidence=60), policy(*drawn, content_type_confidence=90))

    assert {each.content_types for each in places} == {("Illustrated (60 %)",)}


def test_a_review_is_milder_by_its_fallback():
    blurring, blocking = (
        policy(rule("review", confidence=70), review={"fallback": fallback}) for fallback in ("blur", "block")
    )

    assert {each[3:] for each in found(blurring, blocking)} == {("review, then blur", "review, then block")}
    assert found(blocking, blurring) == set()


def test_a_place_is_a_sentence():
    (place,) = (each for each in milder_than(policy(rule("blur", confidence=60)), FLOOR) if not each.content_types)

    assert str(place) == "Weapons from 90 %: blur, but the floor says block"


@st.composite
def floors_and_candidates(draw):
    """A floor, and a policy that is made from it by changing and adding rules; often it is not milder."""
    floor = draw(documents(50))
    changed = [
        each if each["action"] == "allow" else each | draw(
            st.fixed_dictionaries({}, optional={"action": st.just("block"), "confidence": st.integers(50, 70)})
        )
        for each in floor["rules"]
    ]  # fmt: skip
    added = draw(st.lists(rules(50), max_size=2))
    return floor, floor | {"rules": [*changed, *added]}


@given(floors_and_candidates(), answers)
@settings(max_examples=counted(usual=60, long=3_000), deadline=None)
def test_a_policy_with_no_place_is_not_milder_on_any_answer(both, answer):
    """Provided that it considers all labels that the floor considers."""
    floor, tenant = map(policy_of, both)
    assume(not milder_than(tenant, floor))

    assert ORDER.index(tenant.evaluate(answer).decision) >= ORDER.index(floor.evaluate(answer).decision)
