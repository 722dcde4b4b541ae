"""What an event says of an image besides its id and status: whose it is, how it looks, and what was decided."""

from dataclasses import replace
from typing import Any, Final

from functions.records.record import ImageRecord, VerdictSummary
from functions.shared.contracts import Decision, PersistRequest, as_json

_OF_THE_VERDICT: Final = ("decision", "reason", "policy_digest")
"""Members of a verdict that events have too."""


def detail_of(record: ImageRecord) -> dict[str, Any]:
    """Return the members of docs/events.md that follow from a record.

    Sizes are in px: those of the served picture, or of the original if no picture is served. An image that is not
    served has neither placeholder nor dominant colour, which would show it.
    """
    detail: dict[str, Any] = {"tenant": record.tenant, "owner": record.owner, "reason": record.reason}
    if record.facts is not None:
        detail |= {"width": record.facts.width, "height": record.facts.height}
    if record.picture is not None and record.status.is_servable:
        picture = record.picture
        detail |= {"width": picture.master.width, "height": picture.master.height}
        detail |= {"placeholder": picture.placeholder, "dominant_color": picture.dominant_color}
    if record.verdict is not None:
        verdict = as_json(record.verdict)
        detail |= {name: verdict[name] for name in _OF_THE_VERDICT if verdict.get(name)}
    return {name: value for name, value in detail.items() if value is not None}


def detail_of_verdict(record: ImageRecord, request: PersistRequest) -> dict[str, Any]:
    """Return the members for an image that got its verdict; ``record`` may be older than the verdict."""
    verdict = request.verdict
    decided = replace(
        record,
        status=verdict.decision.status,
        facts=request.facts,
        picture=None if verdict.decision is Decision.BLOCK else request.picture,
        verdict=VerdictSummary.from_state(verdict.to_state()),
        reason=None,
    )
    return detail_of(decided)
