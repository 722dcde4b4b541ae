"""What a policy consists of: rules, examples, and what happens with images in review."""

from dataclasses import dataclass
from typing import Final

from functions.shared.status import Decision, Fallback

STRICTNESS: Final = {decision: rank for rank, decision in enumerate(Decision)}
"""The order of decisions, mildest first."""


@dataclass(frozen=True)
class Review:
    """How long an image in review waits for a decision, and what happens then."""

    after_seconds: int = 72 * 60 * 60
    fallback: Fallback = Fallback.BLUR


@dataclass(frozen=True)
class Rule:
    """What happens with a label from ``confidence`` (percent) on; ``label`` is "" in the default rule.

    ``content_types``: the rule applies only to views that are one of these. ``unless``: it does not apply to views that
    are one of these. ``reason``, ``severity`` (1 to 5) and ``queue`` describe the verdict to people.
    """

    label: str
    action: Decision
    confidence: float = 0.0
    reason: str = ""
    content_types: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()
    severity: int = 1
    queue: str = "default"

    def applies_to(self, content_types: frozenset[str]) -> bool:
        """Return whether the rule applies to a view of these content types."""
        return (not self.content_types or bool(self.content_types & content_types)) and not self.unless & content_types

    @property
    def allows(self) -> bool:
        """Whether the rule allows its label."""
        return self.action is Decision.ALLOW


@dataclass(frozen=True)
class Example:
    """Labels (name and confidence in percent) and the decision, and optionally the reason, that they must lead to."""

    name: str
    labels: tuple[tuple[str, float], ...]
    content_types: tuple[str, ...]
    decision: Decision
    reason: str | None = None
