"""Reads the JSON form of a policy and reports all its faults, each with its place.

docs/policy.schema.json describes the same form for editors and clients. It cannot say everything that is checked here:
that thresholds are at least ``minimum_confidence``, that every rule has an effect, and that names are unique.
"""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations
from typing import Any, Final, TypeVar

from functions.policy.rules import STRICTNESS, Example, Review, Rule
from functions.policy.taxonomy import CONTENT_TYPES, PARENTS
from functions.shared.errors import PolicyError
from functions.shared.problem import MAX_NAME_CHARACTERS
from functions.shared.status import Decision, Fallback

MAX_DOCUMENT_BYTES: Final = 65_536
"""The largest size of a document as canonical JSON in UTF-8."""

DETECTOR_CONFIDENCE: Final = 30.0
"""The confidence (percent) that detectors are asked for. A policy cannot consider labels below it."""

MAX_TEXT_CHARACTERS: Final = 200
"""The largest length of a version and of an example's name."""

LONGEST_REVIEW_SECONDS: Final = 180 * 24 * 60 * 60
"""The longest wait for a decision: the evidence for an appeal is kept for at least 184 days."""

REASON_PATTERN: Final = "^[A-Z][A-Z0-9_]{0,63}$"
QUEUE_PATTERN: Final = "^[a-z][a-z0-9-]{0,63}$"

ACTIONS: Final = tuple(Decision)
HIGHEST_SEVERITY: Final = 5

_REASON: Final = re.compile(REASON_PATTERN, re.ASCII)
_QUEUE: Final = re.compile(QUEUE_PATTERN, re.ASCII)
_COMBINATIONS: Final = tuple(
    frozenset(chosen) for count in range(len(CONTENT_TYPES) + 1) for chosen in combinations(CONTENT_TYPES, count)
)
"""Every set of content types that a view can have."""

Word = TypeVar("Word", bound=StrEnum)


def canonical_json(document: Any) -> str:
    """Return a document in its canonical form: sorted keys, no spaces, characters unescaped."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def read_document(document: Any) -> dict[str, Any]:
    """Return the fields of Policy, except text and digest. Raises PolicyError with all faults of the document."""
    if not isinstance(document, dict):
        raise PolicyError(("policy", "must be an object"))
    try:
        size = len(canonical_json(document).encode())
    except (TypeError, ValueError) as error:  # for example a number that is not finite
        raise PolicyError(("policy", f"cannot be written as JSON: {error}")) from error
    if size > MAX_DOCUMENT_BYTES:
        raise PolicyError(("policy", f"has {size} bytes; it must not exceed {MAX_DOCUMENT_BYTES}"))
    return _Reader().read(document)


@dataclass
class _Reader:
    """Collects the faults of one document. A value ``...`` is that of a missing member, which ``_members`` reports."""

    faults: list[tuple[str, str]] = field(default_factory=list)
    minimum: float = DETECTOR_CONFIDENCE

    def read(self, document: dict[str, Any]) -> dict[str, Any]:
        required = ("version", "minimum_confidence", "default", "rules")
        optional = ("$schema", "review", "content_type_confidence", "examples")
        self._members("", document, required=required, optional=optional)
        self._text("$schema", document.get("$schema", "-"))
        version = self._text("version", document.get("version", "-"))
        minimum = document.get("minimum_confidence", DETECTOR_CONFIDENCE)
        self.minimum = self._percent("minimum_confidence", minimum, DETECTOR_CONFIDENCE)
        types = self._percent("content_type_confidence", document.get("content_type_confidence", 80), 1)
        default = self._default(document.get("default", ...))
        rules = self._rules(document.get("rules", []))
        review = self._review(document.get("review", {}))
        examples = self._examples(document.get("examples", []))
        if self.faults:
            raise PolicyError(*self.faults)
        return {
            "version": version,
            "minimum_confidence": self.minimum,
            "default": default,
            "rules": rules,
            "review": review,
            "content_type_confidence": types,
            "examples": examples,
        }

    def _default(self, document: Any) -> Rule:
        if not self._object("default", document):
            return Rule("", Decision.BLOCK)
        members = ("confidence", "action", "reason")
        self._members("default.", document, required=members, optional=("severity", "queue"))
        action = self._word("default.action", document.get("action", ...), Decision, ACTIONS[1:])
        return Rule(
            label="",
            action=action,
            confidence=self._percent("default.confidence", document.get("confidence", ...), self.minimum),
            reason=self._code("default.reason", document.get("reason", ...)),
            severity=self._severity("default.severity", document.get("severity", 1)),
            queue=self._queue("default.queue", document.get("queue", "default")),
        )

    def _rules(self, documents: Any) -> dict[str, tuple[Rule, ...]]:
        rules: dict[str, list[tuple[str, Rule]]] = {}
        for place, document in self._list("rules", documents):
            rule = self._rule(place, document)
            if rule is not None:
                rules.setdefault(rule.label, []).append((place, rule))
        if not self.faults:
            for of_label in rules.values():
                self._expect_effects(of_label)
        return {label: tuple(rule for _, rule in of_label) for label, of_label in rules.items()}

    def _rule(self, place: str, document: Any) -> Rule | None:
        if not self._object(place, document):
            return None
        scope = ("content_types", "unless")
        action = self._word(f"{place}.action", document.get("action", ...), Decision, ACTIONS)
        if action is Decision.ALLOW:
            self._members(f"{place}.", document, required=("label", "action"), optional=("reason", *scope))
        else:
            required = ("label", "action", "confidence", "reason")
            self._members(f"{place}.", document, required=required, optional=(*scope, "severity", "queue"))
        label = document.get("label", ...)
        if not isinstance(label, str) or label not in PARENTS:
            if label is not ...:
                self._fault(f"{place}.label", f"is {_shown(label)}, which is not a label of Rekognition's taxonomy")
            return None
        only = self._types(f"{place}.content_types", document["content_types"]) if "content_types" in document else ()
        unless = self._types(f"{place}.unless", document["unless"]) if "unless" in document else ()
        reason = document.get("reason", "ALLOWED" if action is Decision.ALLOW else ...)
        confidence = document.get("confidence", 100) if action is not Decision.ALLOW else 100
        rule = Rule(
            label=label,
            action=action,
            confidence=self._percent(f"{place}.confidence", confidence, self.minimum),
            reason=self._code(f"{place}.reason", reason),
            content_types=frozenset(only),
            unless=frozenset(unless),
            severity=self._severity(f"{place}.severity", document.get("severity", 1)),
            queue=self._queue(f"{place}.queue", document.get("queue", "default")),
        )
        if not any(map(rule.applies_to, _COMBINATIONS)):
            self._fault(place, "applies to no view: unless excludes its content types")
        return rule

    def _expect_effects(self, rules: list[tuple[str, Rule]]) -> None:
        """Record a fault for each rule that another rule of its label always overrides."""
        for number, (place, rule) in enumerate(rules):
            applicable = [types for types in _COMBINATIONS if rule.applies_to(types)]
            for other_number, (other_place, other) in enumerate(rules):
                if other_number == number or not all(map(other.applies_to, applicable)):
                    continue
                if _overrides(other, rule) and not (_overrides(rule, other) and number < other_number):
                    self._fault(place, f"has no effect, because {other_place} overrides it")
                    break

    def _review(self, document: Any) -> Review:
        if not self._object("review", document):
            return Review()
        self._members("review.", document, optional=("after_seconds", "fallback"))
        seconds = document.get("after_seconds", Review.after_seconds)
        fallback = document.get("fallback", Review.fallback.value)
        return Review(
            after_seconds=self._integer("review.after_seconds", seconds, 1, LONGEST_REVIEW_SECONDS),
            fallback=self._word("review.fallback", fallback, Fallback, tuple(Fallback)),
        )

    def _examples(self, documents: Any) -> tuple[Example, ...]:
        examples: list[Example] = []
        names: set[str] = set()
        for place, document in self._list("examples", documents):
            if not self._object(place, document):
                continue
            members = ("name", "labels", "decision")
            self._members(f"{place}.", document, required=members, optional=("content_types", "reason"))
            types = document.get("content_types", ...)
            example = Example(
                name=self._text(f"{place}.name", document.get("name", "-")),
                labels=self._labels(f"{place}.labels", document.get("labels", [])),
                content_types=() if types is ... else self._types(f"{place}.content_types", types),
                decision=self._word(f"{place}.decision", document.get("decision", ...), Decision, ACTIONS),
                reason=self._code(f"{place}.reason", document["reason"]) if "reason" in document else None,
            )
            if example.name in names:
                self._fault(f"{place}.name", f"is {_shown(example.name)}, like that of an earlier example")
            names.add(example.name)
            examples.append(example)
        return tuple(examples)

    def _labels(self, place: str, documents: Any) -> tuple[tuple[str, float], ...]:
        """Return the labels of an example. A name may be outside the taxonomy, to show what the default rule does."""
        labels: list[tuple[str, float]] = []
        for each, document in self._list(place, documents):
            if not self._object(each, document):
                continue
            self._members(f"{each}.", document, required=("name", "confidence"))
            name = self._text(f"{each}.name", document.get("name", "-"))
            labels.append((name, self._percent(f"{each}.confidence", document.get("confidence", 100), 0)))
        return tuple(labels)

    # --- values ---

    def _fault(self, place: str, fault: str) -> None:
        self.faults.append((place, fault))

    def _members(
        self, prefix: str, document: dict[str, Any], *, required: Collection[str] = (), optional: Collection[str] = ()
    ) -> None:
        known = (*required, *optional)
        for name in sorted(document.keys() - set(known)):
            self._fault(f"{prefix}{name[:MAX_NAME_CHARACTERS]}", f"is unknown; known are {', '.join(known)}")
        for name in required:
            if name not in document:
                self._fault(f"{prefix}{name}", "is missing")

    def _object(self, place: str, document: Any) -> bool:
        if isinstance(document, dict):
            return True
        if document is not ...:
            self._fault(place, "must be an object")
        return False

    def _list(self, place: str, documents: Any) -> Iterable[tuple[str, Any]]:
        if not isinstance(documents, list):
            self._fault(place, "must be a list")
            return ()
        return [(f"{place}[{number}]", document) for number, document in enumerate(documents)]

    def _text(self, place: str, value: Any) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT_CHARACTERS:
            self._fault(place, f"must be a text of 1 to {MAX_TEXT_CHARACTERS} characters")
            return "-"
        return value

    def _percent(self, place: str, value: Any, least: float) -> float:
        if value is ...:
            return least
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self._fault(place, f"is {_shown(value)}; it must be a number of percent")
            return least
        if not least <= value <= 100:
            self._fault(place, f"is {_shown(value)}; it must be from {least:g} to 100")
            return least
        return value

    def _integer(self, place: str, value: Any, least: int, most: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self._fault(place, f"is {_shown(value)}; it must be a whole number from {least} to {most}")
            return least
        return value

    def _severity(self, place: str, value: Any) -> int:
        return self._integer(place, value, 1, HIGHEST_SEVERITY)

    def _code(self, place: str, value: Any) -> str:
        if value is not ... and not (isinstance(value, str) and _REASON.fullmatch(value)):
            self._fault(place, f"is {_shown(value)}; it must be a code such as GRAPHIC_VIOLENCE")
        return str(value)

    def _queue(self, place: str, value: Any) -> str:
        if not isinstance(value, str) or not _QUEUE.fullmatch(value):
            self._fault(place, f"is {_shown(value)}; it must be a name such as urgent")
        return str(value)

    def _word(self, place: str, value: Any, words: type[Word], allowed: tuple[Word, ...]) -> Word:
        if isinstance(value, str) and value in allowed:
            return words(value)
        if value is not ...:
            self._fault(place, f"is {_shown(value)}; it must be one of {', '.join(allowed)}")
        return allowed[-1]

    def _types(self, place: str, value: Any) -> tuple[str, ...]:
        names = tuple(value) if isinstance(value, list) else ()
        valid = all(isinstance(name, str) and name in CONTENT_TYPES for name in names)
        if not names or not valid or len(set(names)) < len(names):
            self._fault(place, f"must be a list of {' or '.join(CONTENT_TYPES)}, or of both")
            return ()
        return names


def _overrides(rule: Rule, other: Rule) -> bool:
    """Return whether ``other`` has no effect where both apply."""
    if other.allows:
        return True  # it decides only where no other rule of the label applies
    return STRICTNESS[rule.action] >= STRICTNESS[other.action] and rule.confidence <= other.confidence


def _shown(value: Any) -> str:
    """Return a value as an error shows it: JSON, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:79]}…"
