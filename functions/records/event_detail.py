"""The members of an event besides id and status: the image's owner, its appearance, and the decision."""

from dataclasses import replace
from typing import Any, Final

from functions.records.changes import SYSTEM, Change
from functions.records.record import ImageRecord, VerdictSummary
from functions.shared.contracts import PersistRequest
from functions.shared.documents import as_json, without_none

_OF_THE_VERDICT: Final = ("decision", "reason", "policy_digest")
"""Members of a verdict that events have too."""


def detail_of(record: ImageRecord) -> dict[str, Any]:
    """Return the members of docs/events.md that follow from a record.

    ``owner`` is None if the upload named none; other unknown members are left out. Sizes are in px: those of the served
    picture, or of the original if no picture is served. An image that is not served has neither placeholder nor
    dominant colour, which would show it.
    """
    detail: dict[str, Any] = {"tenant": record.tenant, "reason": record.reason}
    if record.facts is not None:
        detail |= {"width": record.facts.width, "height": record.facts.height}
    if record.picture is not None and record.status.is_servable:
        picture = record.picture
        detail |= {"width": picture.master.width, "height": picture.master.height}
        detail |= {"placeholder": picture.placeholder, "dominant_color": picture.dominant_color}
    if record.verdict is not None:
        verdict = as_json(record.verdict)
        detail |= {name: verdict[name] for name in _OF_THE_VERDICT if verdict.get(name)}
    if record.override is not None:
        detail["policy_digest"] = None  # no policy decided
    return {"owner": record.owner, **without_none(detail)}


def detail_of_verdict(record: ImageRecord, request: PersistRequest) -> dict[str, Any]:
    """Return the members for an image that got its verdict; ``record`` may be older than the verdict."""
    status = request.verdict.decision.status
    decided = replace(
        record,
        status=status,
        facts=request.facts,
        picture=request.picture if status.is_servable else None,
        verdict=VerdictSummary.of(request.verdict, ""),
        reason=None,
    )
    return detail_of(decided) | _cause(record)


def detail_of_change(record: ImageRecord, change: Change) -> dict[str, Any]:
    """Return the members for an image that a change of its verdict took down; ``record`` is the one before."""
    decided = replace(record, status=change.decision.status, picture=None, reason=None)
    detail = detail_of(decided) | {
        "decision": change.decision.value,
        "reason": change.stated_reason,
        "policy_digest": change.policy_digest,
        "actor": change.actor,
        "source": change.source.value,
        "previous_status": record.status.value,
    }
    return {"owner": record.owner, **{name: value for name, value in detail.items() if value}}


def _cause(record: ImageRecord) -> dict[str, Any]:
    """Return who changed the verdict and why, if the image was processed again because of a change."""
    if record.pending is None:
        return {}
    actor = record.override.actor if record.override else SYSTEM
    return {"actor": actor, "source": record.pending.source.value}
