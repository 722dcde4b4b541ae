"""The verdict on a detector's answer: the override that the record has, or the stricter of policy and floor."""

from dataclasses import dataclass
from typing import Self

from functions.policy.policy import Answer, Evaluation, Policy
from functions.policy.store import PolicyStore, Resolution
from functions.records.record import ImageRecord, Override
from functions.shared.contracts import Basis, PinnedPolicies, ReviewTerms, ShadowVerdict, Verdict
from functions.shared.status import Fallback


@dataclass(frozen=True)
class Judge:
    """The policies of one execution, and the override of the image if there is one.

    ``pinned`` are their digests: with these, a later call of the execution gets the same policies, whatever was
    activated in the meantime.
    """

    policy: Policy
    floor: Policy | None
    shadow: Policy | None
    pinned: PinnedPolicies
    override: Override | None = None

    @classmethod
    def of(cls, record: ImageRecord, pinned: PinnedPolicies | None, policies: PolicyStore) -> Self:
        """Return the judge for an image: with the pinned policies, or the active ones.

        The policies of a re-judgement that is pending are not asked: others may be active since it was started.

        Raises PolicyMissingError, PolicyError or TransientDependencyError.
        """
        if pinned is None:
            found = policies.resolve(record.tenant, record.policy)
            return cls(found.policy, found.floor, found.shadow, _pinned(found), record.override)
        return cls(
            policy=policies.get(pinned.policy),
            floor=policies.get(pinned.floor) if pinned.floor else None,
            shadow=policies.get(pinned.shadow) if pinned.shadow else None,
            pinned=pinned,
            override=record.override,
        )

    @property
    def minimum_confidence(self) -> float:
        """The lowest confidence (percent) that policy or floor consider."""
        return min(each.minimum_confidence for each in (self.policy, self.floor) if each)

    def is_determined_by(self, answer: Answer) -> bool:
        """Return whether the detector was asked for everything that policy and floor consider."""
        return answer.minimum_confidence <= self.minimum_confidence

    def judge(self, answer: Answer, *, views_digest: str) -> Verdict:
        """Return the verdict. Raises UndeterminedError if policy or floor are not determined by the answer."""
        evaluation = self.policy.evaluate(answer, self.floor)
        override = self.override
        basis = Basis(
            reason=override.reason if override else evaluation.reason or None,
            severity=evaluation.severity or None,
            queue=evaluation.queue or None,
            policies=self.pinned,
            content_types=answer.content_types,
            minimum_confidence=answer.minimum_confidence,
            detector=answer.detector,
            views_digest=views_digest,
            shadow=self._shadow(answer),
            review=None if override else _terms(evaluation),
            overridden=override is not None,
        )
        return Verdict(
            decision=override.decision if override else evaluation.decision,
            policy_version=self.policy.version,
            model_version=answer.model_version,
            labels=answer.labels,
            deciding=() if override else evaluation.deciding,
            basis=basis,
        )

    def _shadow(self, answer: Answer) -> ShadowVerdict | None:
        if self.shadow is None:
            return None
        if not self.shadow.is_determined_by(answer):
            return ShadowVerdict(self.shadow.digest, decision=None)
        evaluation = self.shadow.evaluate(answer)
        return ShadowVerdict(self.shadow.digest, evaluation.decision, evaluation.deciding, evaluation.reason or None)


def _pinned(found: Resolution) -> PinnedPolicies:
    return PinnedPolicies(
        name=found.name,
        policy=found.policy.digest,
        floor=found.floor.digest if found.floor else "",
        shadow=found.shadow.digest if found.shadow else "",
    )


def _terms(evaluation: Evaluation) -> ReviewTerms | None:
    review = evaluation.review
    return ReviewTerms(review.after_seconds, Fallback(review.fallback)) if review else None
