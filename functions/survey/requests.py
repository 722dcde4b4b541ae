"""The requests of the state machine `rejudge` to `survey`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from functions.shared.documents import Document, Parts
from functions.shared.rejudgements import Rejudgement


class Operation(StrEnum):
    """What a call does."""

    PLAN = "plan"
    """Return the days that are not in the manifest yet."""
    DAY = "day"
    """Judge some images of a day."""
    SUMMARIZE = "summarize"
    """Freeze the manifest."""
    BATCH = "batch"
    """Record the outcomes of a batch, and return the next one."""
    REPORT = "report"
    """Write the report."""


def _outcomes(results: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(str(each["outcome"]) for each in results)


@dataclass(frozen=True)
class SurveyRequest(Document):
    """Input of the states of `rejudge` that invoke `survey`.

    ``day`` and ``after``, the id of the last image that was judged, belong to Operation.DAY. ``part``, the key of a
    part of the manifest, ``number``, how many of its batches are decided, and the ``outcomes`` of the last of them
    belong to Operation.BATCH.
    """

    operation: Operation
    rejudgement: Rejudgement
    day: str = ""
    after: str = ""
    part: str = ""
    number: int = 0
    outcomes: tuple[str, ...] = ()

    parts: ClassVar[Parts] = {
        "operation": Operation,
        "rejudgement": Rejudgement.from_state,
        "number": int,
        "outcomes": _outcomes,
    }
