"""The moderation policy: decides by Rekognition's labels and their confidence whether to allow, blur or block.

policy.json contains a version, the confidence (percent) from which labels are recorded, and for each label either
"allow" or the confidence from which it blurs and from which it blocks. A label without a rule has the rule of its
nearest ancestor with one, or the default, which also applies to labels of later taxonomies. The worst decision wins.

Rekognition reports the ancestors of a label too. An ancestor that only repeats an allowed child (Non-Explicit Nudity
with Bare Back) is ignored; otherwise a rule could have no exception below it.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from functions.policy.taxonomy import PARENTS
from functions.shared.contracts import Decision, Label
from functions.shared.errors import PolicyError

POLICY_FILE: Final = Path(__file__).with_name("policy.json")

_MEMBERS: Final = frozenset({"version", "minimum_confidence", "default", "rules"})
_SEVERITY: Final = {decision: rank for rank, decision in enumerate(Decision)}  # mildest first


@dataclass(frozen=True)
class Rule:
    """The confidence (percent) from which a label blurs and from which it blocks; None for never."""

    blur: float | None = None
    block: float | None = None

    @property
    def allows(self) -> bool:
        """Whether the label is allowed at any confidence."""
        return self.blur is None and self.block is None

    def decide(self, confidence: float) -> Decision:
        """Return the decision for a label of this confidence."""
        if self.block is not None and confidence >= self.block:
            return Decision.BLOCK
        if self.blur is not None and confidence >= self.blur:
            return Decision.BLUR
        return Decision.ALLOW


@dataclass(frozen=True)
class Evaluation:
    """A decision and the names of the labels that led to it, without repeats, in the order of the labels."""

    decision: Decision
    deciding: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """A valid policy. ``minimum_confidence`` (percent) is passed to Rekognition."""

    version: str
    minimum_confidence: float
    default: Rule
    rules: dict[str, Rule]

    @classmethod
    def from_file(cls, path: Path = POLICY_FILE) -> Self:
        """Read a policy file. Raises PolicyError with all its faults."""
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise PolicyError(f"{path.name} is not JSON: {error}") from error
        return cls.from_document(document)

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """Build from the JSON form. Raises PolicyError with all its faults."""
        if not isinstance(document, dict):
            raise PolicyError("the policy must be an object")
        return cls(**_Reader(document).read())

    def evaluate(self, labels: Iterable[Label]) -> Evaluation:
        """Return the worst decision over all labels of all views."""
        labels = tuple(labels)
        decided = [(label.name, self._decide(label, labels)) for label in labels]
        worst = max((decision for _, decision in decided), key=_SEVERITY.__getitem__, default=Decision.ALLOW)
        if worst is Decision.ALLOW:
            return Evaluation(worst, ())
        return Evaluation(worst, tuple(dict.fromkeys(name for name, decision in decided if decision is worst)))

    def _decide(self, label: Label, labels: tuple[Label, ...]) -> Decision:
        if self._is_explained(label, labels):
            return Decision.ALLOW
        return self._rule_of(label).decide(label.confidence)

    def _rule_of(self, label: Label) -> Rule:
        """Return the rule of the label or its nearest ancestor. Labels outside the taxonomy have a reported parent."""
        lineage = [label.name, PARENTS.get(label.name, label.parent)]
        while lineage[-1]:
            lineage.append(PARENTS.get(lineage[-1], ""))
        for name in lineage:
            if name in self.rules:
                return self.rules[name]
        return self.default

    def _is_explained(self, label: Label, labels: tuple[Label, ...]) -> bool:
        """Tell whether all reported children are allowed, and one of them has at least the label's confidence."""
        children = [
            each
            for each in labels
            if each.parent == label.name
            and (each.frame, each.rendering) == (label.frame, label.rendering)
            and each.taxonomy_level > label.taxonomy_level
        ]
        return any(child.confidence >= label.confidence for child in children) and all(
            self._rule_of(child).allows or self._is_explained(child, labels) for child in children
        )


@dataclass
class _Reader:
    """Reads the JSON form of a policy and collects its faults."""

    document: dict[str, Any]
    faults: list[str] = field(default_factory=list)

    def read(self) -> dict[str, Any]:
        """Return the policy's fields. Raises PolicyError."""
        self.faults += [f"{name} is unknown" for name in sorted(self.document.keys() - _MEMBERS)]
        self.faults += [f"{name} is missing" for name in sorted(_MEMBERS - self.document.keys())]
        version = self.document.get("version", "?")
        if not isinstance(version, str) or not version:
            self.faults.append("version must be a string that is not empty")
        minimum = self._percent("minimum_confidence", self.document.get("minimum_confidence", 0), at_least=0)
        default = self._rule("default", self.document.get("default", {"blur": 100}), minimum)
        if default.allows:
            self.faults.append("default must blur or block: it applies to labels that have no rule")
        rules = self._rules(self.document.get("rules", {}), minimum)
        if self.faults:
            raise PolicyError("; ".join(self.faults))
        return {"version": version, "minimum_confidence": minimum, "default": default, "rules": rules}

    def _rules(self, rules: Any, minimum: float) -> dict[str, Rule]:
        if not isinstance(rules, dict):
            self.faults.append("rules must be an object")
            return {}
        self.faults += [f"rules: {name!r} is not a label of Rekognition" for name in rules if name not in PARENTS]
        return {name: self._rule(f"rules: {name!r}", rule, minimum) for name, rule in rules.items()}

    def _rule(self, place: str, rule: Any, minimum: float) -> Rule:
        if rule == "allow":
            return Rule()
        if not isinstance(rule, dict) or not rule or rule.keys() - {"blur", "block"}:
            self.faults.append(f'{place} must be "allow" or have the confidence from which to blur, to block, or both')
            return Rule(blur=100)
        levels = {name: self._percent(f"{place}: {name}", level, at_least=minimum) for name, level in rule.items()}
        if len(levels) == 2 and levels["block"] <= levels["blur"]:
            self.faults.append(f"{place} blocks from {levels['block']}, so it never blurs; block must exceed blur")
        return Rule(**levels)

    def _percent(self, place: str, value: Any, *, at_least: float) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            self.faults.append(f"{place} is {value!r}; it must be a percentage")
            return at_least
        if not at_least <= value <= 100:
            self.faults.append(f"{place} is {value}; it must be from {at_least} to 100")
            return at_least
        return value
