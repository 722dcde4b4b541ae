"""Counts of what was found about images: by finding, and for changes by transition and label, with examples."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Self

from functions.shared.rejudgements import Direction
from functions.survey.judging import Difference, Finding

MAX_EXAMPLES: Final = 10
"""Examples of each transition in a report."""


@dataclass
class Transition:
    """The images whose decision changes in one way: their number, the numbers by label, and some ids.

    An image counts once for each label that led to the stricter decision.
    """

    count: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, other: "Transition") -> None:
        """Add the images of another count."""
        self.count += other.count
        self.labels.update(other.labels)
        self.examples = [*self.examples, *other.examples][:MAX_EXAMPLES]


@dataclass
class Tally:
    """What was found about some images. ``parts`` is the number of manifest parts by direction."""

    findings: Counter[str] = field(default_factory=Counter)
    directions: Counter[str] = field(default_factory=Counter)
    transitions: dict[str, Transition] = field(default_factory=dict)
    parts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def sum_of(cls, tallies: Iterable[Self]) -> Self:
        """Return all counts together; the examples are the first ones."""
        total = cls()
        for each in tallies:
            total.findings.update(each.findings)
            total.directions.update(each.directions)
            total.parts.update(each.parts)
            for name, transition in each.transitions.items():
                total.transitions.setdefault(name, Transition()).add(transition)
        return total

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Build from the JSON form."""
        return cls(
            findings=Counter({name: document["images"].get(name, 0) for name in Finding}),
            directions=Counter({name: document["images"].get(name, 0) for name in Direction}),
            transitions={
                name: Transition(each["count"], Counter(each["labels"]), list(each["examples"]))
                for name, each in document["transitions"].items()
            },
            parts=Counter(document["parts"]),
        )

    def count(self, found: Finding | Difference) -> None:
        """Count one image."""
        if isinstance(found, Finding):
            self.findings[found] += 1
            return
        self.findings[Finding.CHANGED] += 1
        self.directions[found.direction] += 1
        one = Transition(1, Counter(found.labels), [found.image.image_id])
        self.transitions.setdefault(found.transition, Transition()).add(one)

    @property
    def changed(self) -> int:
        """The number of images whose decision changes."""
        return self.findings[Finding.CHANGED]

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "images": {
                "surveyed": self.findings.total(),
                **{name.value: self.findings[name] for name in Finding},
                **{name.value: self.directions[name] for name in Direction},
            },
            "transitions": {
                name: {
                    "count": each.count,
                    "labels": dict(sorted(each.labels.items())),
                    "examples": each.examples,
                }
                for name, each in sorted(self.transitions.items())
            },
            "parts": {name.value: self.parts[name] for name in Direction},
        }
