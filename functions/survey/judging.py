"""Compares what a policy decides on a stored answer with another decision. Nothing is read or written here."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from functions.policy.policy import Answer, Evaluation, Policy
from functions.policy.rules import STRICTNESS
from functions.shared.documents import without_none
from functions.shared.errors import UndeterminedError
from functions.shared.rejudgements import Direction
from functions.shared.status import Decision
from functions.survey.library import JudgedImage


class Finding(StrEnum):
    """What was found about an image."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    UNDETERMINED = "undetermined"
    """There is no stored answer, or the detector was not asked for all labels that a policy considers."""
    OVERRIDDEN = "overridden"
    """A person, an application or a review's fallback decided. Policies do not change that."""
    NOT_JUDGED = "not_judged"
    """The image has no verdict: it is being processed, or was rejected, removed and so on."""


@dataclass(frozen=True)
class Difference:
    """A decision that changes. ``labels`` are those that lead to the stricter of both decisions.

    ``evaluation`` is the candidate's.
    """

    image: JudgedImage
    before: Decision
    evaluation: Evaluation
    labels: tuple[str, ...]

    @property
    def direction(self) -> Direction:
        """Whether the new decision is stricter or milder."""
        stricter = STRICTNESS[self.evaluation.decision] > STRICTNESS[self.before]
        return Direction.TIGHTEN if stricter else Direction.RELAX

    @property
    def transition(self) -> str:
        """Both decisions, such as ``allow->blur``."""
        return f"{self.before}->{self.evaluation.decision}"

    def to_line(self) -> dict[str, Any]:
        """Return the image as a manifest lists it."""
        judged = self.evaluation
        review = judged.review
        terms = {"after_seconds": review.after_seconds, "fallback": review.fallback.value} if review else None
        line = {
            "id": self.image.image_id,
            "revision": self.image.revision,
            "from": self.before.value,
            "to": judged.decision.value,
            "digest": self.image.digest,
            "deciding": list(judged.deciding),
            "reason": judged.reason or None,
            "severity": judged.severity or None,
            "queue": judged.queue or None,
            "review": terms,
        }
        return without_none(line)


@dataclass(frozen=True)
class Judge:
    """Judges images by ``candidate`` and compares with ``against``, or with the recorded decision if that is None."""

    candidate: Policy
    against: Policy | None = None
    floor: Policy | None = None

    def judge(self, image: JudgedImage, answer: Answer | None) -> Finding | Difference:
        """Return what is found about an image: a Difference if the decision changes."""
        if image.decision is None:
            return Finding.NOT_JUDGED
        if image.is_overridden:
            return Finding.OVERRIDDEN
        if answer is None:
            return Finding.UNDETERMINED
        try:
            after = self.candidate.evaluate(answer, self.floor)
            before = self.against.evaluate(answer, self.floor) if self.against else None
        except UndeterminedError:
            return Finding.UNDETERMINED
        decision = before.decision if before else image.decision
        if decision is after.decision:
            return Finding.UNCHANGED
        relaxed = STRICTNESS[after.decision] < STRICTNESS[decision]
        replaced = before.deciding if before else image.deciding
        return Difference(image, decision, after, replaced if relaxed else after.deciding)
