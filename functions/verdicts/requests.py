"""The requests of the state machines to `decide`, and its response."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from functions.records.changes import Change
from functions.shared.documents import Document, Parts, each
from functions.verdicts.changes import Outcome, VerdictChanges

MAX_CHANGES_PER_REQUEST: Final = 100
"""The most changes in one request: each takes up to 0.2 s, and the function's limit is 30 s."""


def _changes(items: list[Any]) -> tuple[Change, ...]:
    if not 1 <= len(items) <= MAX_CHANGES_PER_REQUEST:
        raise ValueError(f"{len(items)} changes; there must be 1 to {MAX_CHANGES_PER_REQUEST}")
    return each(Change.from_state)(items)


@dataclass(frozen=True)
class DecideRequest(Document):
    """Input of DecideVerdicts: changes of up to MAX_CHANGES_PER_REQUEST images."""

    changes: tuple[Change, ...]

    parts: ClassVar[Parts] = {"changes": _changes}


@dataclass(frozen=True)
class Decided:
    """The outcome of each change, in the order of the request."""

    request: DecideRequest
    outcomes: tuple[Outcome, ...]

    @property
    def counts(self) -> dict[str, int]:
        """The number of changes by outcome."""
        return {outcome.value: count for outcome, count in Counter(self.outcomes).items()}

    def to_state(self) -> dict[str, Any]:
        """Return the JSON form."""
        results = [
            {"image_id": change.image_id, "outcome": outcome.value}
            for change, outcome in zip(self.request.changes, self.outcomes, strict=True)
        ]
        return {"results": results, "counts": self.counts}


def decide(request: DecideRequest, changes: VerdictChanges) -> Decided:
    """Apply all changes, one after the other.

    Raises ContractError or TransientDependencyError; the changes before it were made, and a repeated call finds them.
    """
    return Decided(request, tuple(changes.apply(change) for change in request.changes))
