"""Moderation policies: what a detector's labels and their confidence lead to.

A policy is a document (docs/policies.md, docs/policy.schema.json) and is identified by the digest of its content. A
label's rules are those of the label itself or of its nearest ancestor that has a rule for the content types of the
view. Of the rules whose confidence is reached, the strictest decides; if there is none, the label is allowed. Labels
without any rule, including those of later taxonomies, have the default rule. The strictest decision over all labels is
the decision on the image.

Rekognition reports the ancestors of a label too. An ancestor that only repeats an allowed child (Non-Explicit Nudity
with Bare Back) is ignored; otherwise a rule could have no exception below it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from functions.policy.document import canonical_json, read_document
from functions.policy.rules import STRICTNESS, Example, Review, Rule
from functions.policy.taxonomy import PARENTS
from functions.shared.contracts import ContentType, Label, Rendering
from functions.shared.documents import Document, Parts
from functions.shared.errors import InvalidJsonError, PolicyError, UndeterminedError
from functions.shared.status import Decision, Fallback
from functions.shared.strict_json import parsed_json

SHIPPED_FILE: Final = Path(__file__).with_name("default.json")
"""The policy of stages that have activated none."""

REKOGNITION: Final = "rekognition"


@dataclass(frozen=True)
class Answer(Document):
    """What a detector said about all views of an image.

    ``minimum_confidence`` (percent) is what it was asked for: it reports no labels below. The item LABELS of an image
    can be read by ``from_state``. Items of releases that did not store what was asked for have its default: their
    policy asked from 50 % on.
    """

    labels: tuple[Label, ...]
    content_types: tuple[ContentType, ...] = ()
    minimum_confidence: float = 50.0
    model_version: str = ""
    detector: str = REKOGNITION

    parts: ClassVar[Parts] = {
        "labels": lambda labels: tuple(map(Label.from_state, labels)),
        "content_types": lambda types: tuple(map(ContentType.from_state, types)),
    }


@dataclass(frozen=True)
class Evaluation:
    """A policy's decision on an answer.

    ``deciding`` are the names of the labels that led to it, without repeats, in the order of the labels. ``reason``,
    ``severity`` and ``queue`` are those of the most severe rule that led to it; "" and 0 if the image is allowed.
    ``review`` is set if the decision is Decision.REVIEW.
    """

    decision: Decision
    deciding: tuple[str, ...] = ()
    reason: str = ""
    severity: int = 0
    queue: str = ""
    review: Review | None = None


@dataclass(frozen=True)
class Policy:
    """A valid policy. ``minimum_confidence`` (percent): labels below it are not considered.

    ``rules`` are lists of rules by label. A view is of a content type from ``content_type_confidence`` (percent) on.
    ``text`` is the document as canonical JSON, and ``digest`` its SHA-256 in hexadecimal.
    """

    version: str
    minimum_confidence: float
    default: Rule
    rules: Mapping[str, tuple[Rule, ...]]
    review: Review
    content_type_confidence: float
    examples: tuple[Example, ...]
    text: str
    digest: str

    @classmethod
    def shipped(cls) -> "Policy":
        """Return the policy of stages that have activated none."""
        return _shipped()

    @classmethod
    def from_text(cls, text: str | bytes) -> Self:
        """Read a document from JSON. Raises PolicyError with all its faults."""
        try:
            document = parsed_json(text)
        except InvalidJsonError as error:
            raise PolicyError((error.member or "policy", error.fault)) from error
        return cls.from_document(document)

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """Build from a document. Raises PolicyError with all its faults."""
        fields = read_document(document)
        text = canonical_json(document)
        return cls(**fields, text=text, digest=hashlib.sha256(text.encode()).hexdigest())

    @property
    def document(self) -> dict[str, Any]:
        """The document as plain JSON types."""
        document: dict[str, Any] = json.loads(self.text)
        return document

    def is_determined_by(self, answer: Answer) -> bool:
        """Return whether the detector was asked for all labels that the policy considers."""
        return answer.minimum_confidence <= self.minimum_confidence

    def evaluate(self, answer: Answer, floor: "Policy | None" = None) -> Evaluation:
        """Return the decision on an answer; with a floor, the stricter of both policies' decisions.

        Raises UndeterminedError if a policy is not determined by the answer.
        """
        own = self._evaluate(answer)
        if floor is None:
            return own
        return _stricter(own, floor._evaluate(answer))

    def rules_of(self, label: Label, content_types: frozenset[str] = frozenset()) -> tuple[Rule, ...]:
        """Return the rules that apply to a label in a view of these content types."""
        lineage = [label.name, PARENTS.get(label.name, label.parent)]  # labels outside the taxonomy report a parent
        while lineage[-1]:
            lineage.append(PARENTS.get(lineage[-1], ""))
        for name in lineage:
            rules = tuple(rule for rule in self.rules.get(name, ()) if rule.applies_to(content_types))
            if rules:
                return rules
        return (self.default,)

    def _evaluate(self, answer: Answer) -> Evaluation:
        if not self.is_determined_by(answer):
            raise UndeterminedError(
                f"policy {self.version} considers labels from {self.minimum_confidence:g} % on; the detector was asked "
                f"from {answer.minimum_confidence:g} % on"
            )
        views = _Views(self, answer)
        decided = [(label, rule) for label in views.labels if (rule := views.deciding_rule(label)) is not None]
        if not decided:
            return Evaluation(Decision.ALLOW)
        decision = max((rule.action for _, rule in decided), key=STRICTNESS.__getitem__)
        strictest = [(label, rule) for label, rule in decided if rule.action is decision]
        most_severe = max((rule for _, rule in strictest), key=lambda rule: rule.severity)
        return Evaluation(
            decision=decision,
            deciding=tuple(dict.fromkeys(label.name for label, _ in strictest)),
            reason=most_severe.reason,
            severity=most_severe.severity,
            queue=most_severe.queue,
            review=self.review if decision is Decision.REVIEW else None,
        )


class _Views:
    """The labels of an answer that a policy considers, with the content types of their views."""

    def __init__(self, policy: Policy, answer: Answer) -> None:
        self._policy = policy
        self.labels = tuple(label for label in answer.labels if label.confidence >= policy.minimum_confidence)
        self._types: dict[tuple[int, Rendering], frozenset[str]] = {}
        for each in answer.content_types:
            if each.confidence >= policy.content_type_confidence:
                self._types[_view_of(each)] = self._types.get(_view_of(each), frozenset()) | {each.name}

    def deciding_rule(self, label: Label) -> Rule | None:
        """Return the rule that decides on a label; None if it is allowed."""
        if self._is_explained(label):
            return None
        reached = [rule for rule in self._rules_of(label) if not rule.allows and label.confidence >= rule.confidence]
        return max(reached, key=lambda rule: (STRICTNESS[rule.action], rule.severity), default=None)

    def _rules_of(self, label: Label) -> tuple[Rule, ...]:
        return self._policy.rules_of(label, self._types.get(_view_of(label), frozenset()))

    def _is_explained(self, label: Label) -> bool:
        """Tell whether all reported children are allowed, and one of them has at least the label's confidence."""
        children = [
            each
            for each in self.labels
            if each.parent == label.name
            and _view_of(each) == _view_of(label)
            and each.taxonomy_level > label.taxonomy_level
        ]
        return any(child.confidence >= label.confidence for child in children) and all(
            all(rule.allows for rule in self._rules_of(child)) or self._is_explained(child) for child in children
        )


def _view_of(found: Label | ContentType) -> tuple[int, Rendering]:
    return found.frame, found.rendering


def _stricter(own: Evaluation, least: Evaluation) -> Evaluation:
    """Return the stricter evaluation, or ``own``; of two reviews, the stricter fallback applies."""
    stricter = own if STRICTNESS[own.decision] >= STRICTNESS[least.decision] else least
    if own.review is None or least.review is None:
        return stricter
    fallback = max(own.review.fallback, least.review.fallback, key=list(Fallback).index)
    return replace(stricter, review=Review(own.review.after_seconds, fallback))


@cache
def _shipped() -> Policy:
    return Policy.from_text(SHIPPED_FILE.read_text(encoding="utf-8"))
