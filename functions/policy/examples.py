"""Runs the examples of a policy: labels that must lead to the decision, and the reason, that the author expects.

An example names only what a picture shows. Rekognition reports the ancestors of a label too, so the ancestors that an
example does not name are added with the highest confidence of their descendants.
"""

from dataclasses import dataclass

from functions.policy.policy import Answer, Policy
from functions.policy.rules import Example
from functions.policy.taxonomy import PARENTS
from functions.shared.contracts import ContentType, Label
from functions.shared.status import Decision


@dataclass(frozen=True)
class Failure:
    """An example with another decision or another reason than expected. ``reason`` is None if any is accepted."""

    example: str
    decision: Decision
    reason: str | None
    got_decision: Decision
    got_reason: str
    got_deciding: tuple[str, ...]

    def __str__(self) -> str:
        expected = f"{self.decision} ({self.reason})" if self.reason else self.decision
        got = f"{self.got_decision} ({self.got_reason})" if self.got_reason else self.got_decision
        because = f", because of {', '.join(self.got_deciding)}" if self.got_deciding else ""
        return f"{self.example}: expected {expected}, got {got}{because}"


def failures_of(policy: Policy) -> tuple[Failure, ...]:
    """Return the examples that fail."""
    failures = []
    for example in policy.examples:
        got = policy.evaluate(answer_of(example, policy))
        if got.decision is not example.decision or example.reason not in {None, got.reason}:
            failures.append(
                Failure(example.name, example.decision, example.reason, got.decision, got.reason, got.deciding)
            )
    return tuple(failures)


def answer_of(example: Example, policy: Policy) -> Answer:
    """Return the answer of a detector that finds the labels of an example in one view."""
    confidences: dict[str, float] = {}
    for name, confidence in example.labels:
        confidences[name] = max(confidence, confidences.get(name, 0.0))
    for name, confidence in example.labels:
        for ancestor in ancestors_of(name):
            if ancestor not in dict(example.labels):
                confidences[ancestor] = max(confidence, confidences.get(ancestor, 0.0))
    return Answer(
        labels=tuple(label_of(name, confidence) for name, confidence in confidences.items()),
        content_types=tuple(ContentType(name, 100.0) for name in example.content_types),
        minimum_confidence=policy.minimum_confidence,
    )


def label_of(name: str, confidence: float) -> Label:
    """Return a label as Rekognition reports it."""
    ancestors = ancestors_of(name)
    return Label(name, parent=ancestors[0] if ancestors else "", confidence=confidence,
                 taxonomy_level=len(ancestors) + 1)  # fmt: skip


def ancestors_of(name: str) -> list[str]:
    """Return the ancestors of a label, nearest first."""
    ancestors = []
    while name := PARENTS.get(name, ""):
        ancestors.append(name)
    return ancestors
