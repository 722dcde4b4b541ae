"""Compares a policy with the floor: the policy of the stage that no tenant may be milder than.

A policy is compared label by label, for every set of content types, at each confidence from which the floor decides
something: between two of these the floor's decision does not change, and a policy's only becomes stricter. Combinations
of labels are not compared. The floor is therefore evaluated with every image too (Policy.evaluate).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from functions.policy.examples import ancestors_of, label_of
from functions.policy.policy import Answer, Evaluation, Policy
from functions.policy.rules import STRICTNESS
from functions.policy.taxonomy import CONTENT_TYPES, PARENTS
from functions.shared.contracts import ContentType
from functions.shared.status import Fallback

ANY_OTHER_LABEL: Final = "a label without a rule"
"""Stands for labels of later taxonomies, which have the default rule."""


@dataclass(frozen=True)
class Place:
    """Where a policy is milder than the floor: the label, the view's content types and confidence (both percent).

    ``policy`` and ``floor`` are what they decide; of a review with its fallback, such as "review, then blur".
    """

    label: str
    content_types: tuple[str, ...]
    confidence: float
    policy: str
    floor: str

    def __str__(self) -> str:
        types = f" in a picture that is {' and '.join(self.content_types)}" if self.content_types else ""
        return f"{self.label} from {self.confidence:g} %{types}: {self.policy}, but the floor says {self.floor}"


def milder_than(policy: Policy, floor: Policy) -> list[Place]:
    """Return the places where a policy is milder than the floor."""
    places = []
    asked = min(policy.minimum_confidence, floor.minimum_confidence)
    for name, types in product((*PARENTS, ANY_OTHER_LABEL), _content_types(policy, floor)):
        for confidence in _thresholds(floor, name):
            answer = Answer((label_of(name, confidence),), types, minimum_confidence=asked)
            own, least = policy.evaluate(answer), floor.evaluate(answer)
            if _rank(own) < _rank(least):
                shown = tuple(f"{each.name} ({each.confidence:g} %)" for each in types)
                places.append(Place(name, shown, confidence, _described(own), _described(least)))
    return places


def _content_types(policy: Policy, floor: Policy) -> Iterator[tuple[ContentType, ...]]:
    """Yield every set of content types that rules name, at the confidences from which a policy considers them."""
    rules = [rule for each in (policy, floor) for of_label in each.rules.values() for rule in of_label]
    named = frozenset().union(*(rule.content_types | rule.unless for rule in rules))
    confidences = sorted({policy.content_type_confidence, floor.content_type_confidence})
    choices = [[None, *(ContentType(name, each) for each in confidences)] for name in CONTENT_TYPES if name in named]
    for chosen in product(*choices):
        yield tuple(each for each in chosen if each is not None)


def _thresholds(policy: Policy, name: str) -> list[float]:
    """Return the confidences from which rules for the label, its ancestors or by default decide something."""
    rules = [rule for each in (name, *ancestors_of(name)) for rule in policy.rules.get(each, ())]
    return sorted({rule.confidence for rule in (*rules, policy.default) if not rule.allows})


def _rank(evaluation: Evaluation) -> tuple[int, int]:
    """Return the order of decisions; of two reviews, that of their fallbacks."""
    fallback = list(Fallback).index(evaluation.review.fallback) if evaluation.review else 0
    return STRICTNESS[evaluation.decision], fallback


def _described(evaluation: Evaluation) -> str:
    if evaluation.review is None:
        return evaluation.decision.value
    return f"{evaluation.decision.value}, then {evaluation.review.fallback.value}"
