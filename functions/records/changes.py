"""Writes changes of verdicts: each is one transaction that also updates the lists and adds a history item.

A change requires the record as it was read: its status, its revisions and the policy of its verdict. Each claim of an
execution takes another revision, so a change is refused if an execution has claimed the image since.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from functions.records.announcements import clear_unannounced
from functions.records.entries import due_entry, status_selector, verdict_entry
from functions.records.record import ImageRecord, Override, Pending, Review, VerdictSummary, due_at, record_key
from functions.shared.aws import client, translated_errors
from functions.shared.clock import now
from functions.shared.contracts import PinnedPolicies, ReviewTerms
from functions.shared.documents import Document, Parts, as_json, optional, ulid_of, without_none
from functions.shared.dynamo import to_item, to_value
from functions.shared.errors import ContractError
from functions.shared.events import detail_type
from functions.shared.keys import event_sort_key, record_partition
from functions.shared.status import Decision, Fallback, Source

SYSTEM: Final = "system"
"""The actor of a decision that the system made: a review's fallback or re-judging."""

VERDICT: Final = "VERDICT"
"""Type of the history item of a change that leaves the status as it is, at first or for good."""


@dataclass(frozen=True)
class Judgement(Document):
    """What a policy says about stored labels: the result of re-judging, which goes into the record's verdict."""

    policies: PinnedPolicies
    policy_version: str
    deciding: tuple[str, ...] = ()
    reason: str | None = None
    severity: int | None = None
    queue: str | None = None
    review: ReviewTerms | None = None

    parts: ClassVar[Parts] = {
        "policies": PinnedPolicies.from_state,
        "deciding": tuple,
        "review": optional(ReviewTerms.from_state),
    }


def _decision(text: str) -> Decision:
    """Return a decision, also that of a review's fallback."""
    return Fallback.HOLD.decision if text == Fallback.HOLD else Decision(text)


@dataclass(frozen=True)
class Change(Document):
    """A new decision on an image, made on its ``revision``.

    ``reason`` is a code or a short text; ``note`` is for people. ``judgement`` is given by re-judging, and
    ``from_digest`` is the policy digest of the verdict that it replaces ("" for a verdict of a release before 0.2.0).
    """

    image_id: str
    revision: int
    decision: Decision
    source: Source
    reason: str | None = None
    note: str | None = None
    actor: str = SYSTEM
    judgement: Judgement | None = None
    from_digest: str | None = None

    parts: ClassVar[Parts] = {
        "image_id": ulid_of,
        "revision": int,
        "decision": _decision,
        "source": Source,
        "judgement": optional(Judgement.from_state),
    }

    @property
    def stated_reason(self) -> str | None:
        """The reason of the policy that decided, or the one that was given."""
        return self.judgement.reason if self.judgement else self.reason

    @property
    def policy_digest(self) -> str | None:
        """The digest of the policy that decided; None if no policy did."""
        return self.judgement.policies.policy if self.judgement else None

    def __post_init__(self) -> None:
        if (self.judgement is not None) is not (self.source is Source.REJUDGE):
            raise ValueError(f"source is {self.source}: only a change by {Source.REJUDGE} has a judgement")
        if self.source is Source.REVIEW and self.decision is Decision.ALLOW:
            raise ValueError("the fallback of a review never allows")


class ChangeWriter:
    """Writes changes to one table. ``dynamodb`` is a botocore client, by default the process's own.

    Each method raises RecordConflictError if the record is not as it was read (nothing was written), or
    TransientDependencyError.
    """

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb

    def take_down(self, record: ImageRecord, change: Change) -> int:
        """Write a decision that publishes nothing, as a new revision without a picture; return the revision."""
        at, revision = now(), _last_revision(record) + 1
        status = change.decision.status
        written = {
            **_decided(record, change, at),
            "status": status,
            "selector": status_selector(status),
            "revision": revision,
            "last_revision": revision,
            "unannounced": detail_type(status),
        }
        dropped = ["picture", "pending", "error"]
        if change.decision is Decision.REVIEW:
            written["review"] = as_json(_review(change))
        else:
            dropped.append("review")
        self._write(record, change, written, dropped, at, revision=revision, kind=status)
        return revision

    def request(self, record: ImageRecord, change: Change) -> None:
        """Write a decision for which the image has to be processed again."""
        at = now()
        policies = change.judgement.policies if change.judgement else None
        pending = Pending(change.decision, change.source, at, policies)
        written = {"updated_at": at, "pending": without_none(as_json(pending))}
        if change.source is not Source.REJUDGE:
            written["override"] = _override(change, at)
        self._write(record, change, written, [], at, revision=record.revision)

    def confirm(self, record: ImageRecord, change: Change) -> None:
        """Write a decision that the image has already; re-judging leaves no history item then."""
        at = now()
        self._write(record, change, _decided(record, change, at), ["pending"], at, revision=record.revision)

    def hold(self, record: ImageRecord, change: Change) -> None:
        """Write that a review's time is over and the image stays in review."""
        at = now()
        review = replace(record.review, due_at=None) if record.review else None
        written = {"updated_at": at, **({"review": without_none(as_json(review))} if review else {})}
        self._write(record, change, written, [], at, revision=record.revision)

    def clear_unannounced(self, image_id: str, revision: int) -> None:
        """Delete the attribute that says the completion event is still to be sent, if the record has this revision."""
        clear_unannounced(self._dynamodb, self._table, image_id, revision=revision)

    def _write(
        self,
        record: ImageRecord,
        change: Change,
        written: dict[str, Any],
        dropped: list[str],
        at: str,
        *,
        revision: int,
        kind: str = VERDICT,
    ) -> None:
        items: list[dict[str, Any]] = [{"Update": self._update(record, change, written, dropped)}]
        if "verdict" in written:
            entry = verdict_entry(record.image_id, tenant=record.tenant, decision=change.decision)
            items.append({"Put": {"TableName": self._table, "Item": to_item(entry)}})
        if change.source is not Source.REJUDGE or change.decision.status is not record.status:
            line = _line(change, at, revision, kind)
            if written.keys() & {"unannounced", "pending"}:
                line |= due_entry(record.image_id, at)
            items.append({"Put": {"TableName": self._table, "Item": to_item(line)}})
        with translated_errors():
            self._dynamodb.transact_write_items(TransactItems=items)

    def _update(
        self, record: ImageRecord, change: Change, written: dict[str, Any], dropped: Iterable[str]
    ) -> dict[str, Any]:
        read = {
            "seen_status": record.status,
            "seen_revision": record.revision or None,
            "seen_last": _last_revision(record),
            "seen_digest": record.verdict.policy_digest if record.verdict else None,
        }
        digest = "attribute_not_exists(#verdict.#policy_digest)"
        conditions = [
            "#status = :seen_status",
            "#revision = :seen_revision" if record.revision else "attribute_not_exists(#revision)",
            "(#last_revision = :seen_last OR attribute_not_exists(#last_revision))",
            digest if read["seen_digest"] is None else "#verdict.#policy_digest = :seen_digest",
        ]
        if change.source is not Source.OVERRIDE:
            conditions.append("attribute_not_exists(#override)")
        if change.source is Source.REVIEW:
            conditions.append("attribute_not_exists(#pending)")
        removals = f" REMOVE {', '.join(f'#{name}' for name in dropped)}" if dropped else ""
        names = {*written, *dropped, "status", "revision", "last_revision", "verdict", "policy_digest"}
        names |= {"override"} if change.source is not Source.OVERRIDE else set()
        names |= {"pending"} if change.source is Source.REVIEW else set()
        return {
            "TableName": self._table,
            "Key": record_key(record.image_id),
            "UpdateExpression": f"SET {', '.join(f'#{name} = :{name}' for name in written)}{removals}",
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeNames": {f"#{name}": name for name in sorted(names)},
            "ExpressionAttributeValues": {
                f":{name}": to_value(value) for name, value in {**written, **read}.items() if value is not None
            },
        }


def _last_revision(record: ImageRecord) -> int:
    """Return the newest revision; records of releases before 0.1.0 have no other than the one that is shown."""
    return max(record.last_revision, record.revision)


def _decided(record: ImageRecord, change: Change, at: str) -> dict[str, Any]:
    """Return the attributes that a decision sets in any case. An image that was never moderated gets no verdict."""
    if change.judgement is None:
        written = {"updated_at": at, "override": _override(change, at)}
        if record.verdict is None:
            return written
        verdict = replace(record.verdict, decision=change.decision, reason=change.reason, deciding=())
        return {**written, "verdict": without_none(as_json(verdict))}
    before, judged = record.verdict or VerdictSummary(decision=change.decision), change.judgement
    verdict = replace(
        before, decision=change.decision, policy_version=judged.policy_version, deciding=judged.deciding,
        reason=judged.reason, severity=judged.severity, queue=judged.queue, policy_name=judged.policies.name,
        policy_digest=judged.policies.policy or None, floor_digest=judged.policies.floor or None,
    )  # fmt: skip
    return {"updated_at": at, "verdict": without_none(as_json(verdict))}


def _override(change: Change, at: str) -> dict[str, Any]:
    override = Override(change.decision, change.actor, at, change.source, change.reason, change.note)
    return without_none(as_json(override))


def _review(change: Change) -> Review:
    terms = change.judgement.review if change.judgement else None
    if terms is None:
        raise ContractError("Change: a decision to review needs the terms of the review")
    return Review(terms.fallback, due_at(terms))


def _line(change: Change, at: str, revision: int, kind: str) -> dict[str, Any]:
    return {
        "pk": record_partition(change.image_id),
        "sk": event_sort_key(at, kind),
        "type": kind,
        "at": at,
        "revision": revision,
        "decision": change.decision,
        "source": change.source,
        "actor": change.actor,
        "reason": change.stated_reason,
        "note": change.note,
        "policy_digest": change.policy_digest,
    }
