"""Overrides: a decision by an application replaces the verdict of an image (functions/verdicts)."""

from dataclasses import dataclass
from typing import Final

from functions.records.changes import Change
from functions.records.reader import RecordReader
from functions.shared.errors import (
    NotJudgedError,
    RecordMissingError,
    RevisionsUsedUpError,
    TransientDependencyError,
)
from functions.shared.status import JUDGED, SERVICE_ACTOR, Decision, Source, Status
from functions.verdicts.changes import Outcome, VerdictChanges

ATTEMPTS: Final = 3
"""How often an override is tried while the record changes."""

_WITHOUT_VERDICT: Final = frozenset({Outcome.BUSY, Outcome.UNJUDGED, Outcome.REMOVED})


@dataclass(frozen=True)
class Overrides:
    """Overrides verdicts with ``changes``."""

    records: RecordReader
    changes: VerdictChanges

    def set(
        self, image_id: str, decision: Decision, *, tenant: str, reason: str, note: str | None
    ) -> tuple[Outcome, Status]:
        """Override the verdict of a tenant's image; return the outcome and the image's status.

        A repeated call completes the first one. Raises RecordMissingError, also for an image of another tenant,
        NotJudgedError, RevisionsUsedUpError or TransientDependencyError.
        """
        for _ in range(ATTEMPTS):
            record = self.records.get(image_id, consistent=True)
            if record.tenant != tenant:
                raise RecordMissingError(image_id)
            change = Change(
                image_id=image_id, revision=record.revision, decision=decision, source=Source.OVERRIDE, reason=reason,
                note=note, actor=SERVICE_ACTOR,
            )  # fmt: skip
            outcome = self.changes.apply(change)
            if outcome in _WITHOUT_VERDICT and record.status not in JUDGED:
                raise NotJudgedError(record.status)
            if outcome is Outcome.EXHAUSTED:
                raise RevisionsUsedUpError(image_id)
            if outcome not in {*_WITHOUT_VERDICT, Outcome.CONFLICT}:
                return outcome, record.status if outcome is Outcome.QUEUED else decision.status
        raise TransientDependencyError(f"{image_id} changes too often")
