"""Writes a verdict in one transaction: the record, its labels, its entries in lists and an item of its history."""

from typing import Any

from functions.records.announcements import clear_unannounced
from functions.records.entries import due_entry, entries_at_verdict, listed_labels, position_of, status_selector
from functions.records.record import ImageRecord, Review, VerdictSummary, due_at, record_key
from functions.shared.aws import client, translated_errors
from functions.shared.clock import now
from functions.shared.contracts import Label, PersistRequest, Verdict
from functions.shared.documents import as_json, without_none
from functions.shared.dynamo import from_item, to_item, to_value
from functions.shared.errors import ContractError
from functions.shared.events import detail_type
from functions.shared.keys import ENTRY_PREFIX, LABELS_SORT_KEY, event_sort_key, record_partition
from functions.shared.status import Decision, Status


class VerdictWriter:
    """Writes verdicts to one table. ``dynamodb`` is a botocore client, by default the process's own."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb

    def write(self, request: PersistRequest, record: ImageRecord) -> None:
        """Write the verdict if this execution still processes the image. ``record`` is the record before.

        Raises RecordConflictError if it does not (nothing was written), or TransientDependencyError.
        """
        at = now()
        verdict, basis, status = request.verdict, request.verdict.basis, request.verdict.decision.status
        partition = record_partition(request.image_id)
        labels = {
            "pk": partition,
            "sk": LABELS_SORT_KEY,
            "labels": [as_json(label) for label in verdict.labels],
            "content_types": [as_json(each) for each in basis.content_types],
            "minimum_confidence": basis.minimum_confidence,
            "detector": basis.detector,
            "model_version": verdict.model_version,
            "views_digest": basis.views_digest or None,
            "policy_version": verdict.policy_version,
            "policy_digest": basis.policies.policy or None,
            "shadow": as_json(basis.shadow) if basis.shadow else None,
            "at": at,
        }
        event = {
            "pk": partition,
            "sk": event_sort_key(at, status),
            "type": status,
            "at": at,
            "execution_arn": request.execution_arn,
            "revision": request.revision,
            "reason": basis.reason,
            "policy_digest": basis.policies.policy or None,
            **due_entry(request.image_id, at),
        }
        with translated_errors():
            self._dynamodb.transact_write_items(
                TransactItems=[
                    {"Update": self._record_update(request, record, status, at)},
                    {"Put": {"TableName": self._table, "Item": to_item(labels)}},
                    {"Put": {"TableName": self._table, "Item": to_item(event)}},
                    *self._entries(request, record),
                ]
            )

    def _entries(self, request: PersistRequest, record: ImageRecord) -> list[dict[str, Any]]:
        """Return the writes of the entries of this verdict, and the deletions of those of labels that are gone."""
        entries = entries_at_verdict(
            request.image_id,
            tenant=record.tenant,
            owner=record.owner,
            decision=request.verdict.decision,
            sha256=request.facts.sha256,
            labels=request.verdict.labels,
        )
        puts = [{"Put": {"TableName": self._table, "Item": to_item(each)}} for each in entries]
        if record.verdict is None:
            return puts
        partition, kept = record_partition(request.image_id), {each["sk"] for each in entries}
        with translated_errors():
            response = self._dynamodb.get_item(
                TableName=self._table, Key=to_item({"pk": partition, "sk": LABELS_SORT_KEY}), ConsistentRead=True
            )
        before = map(Label.from_state, from_item(response.get("Item", {})).get("labels", ()))
        gone = sorted({f"{ENTRY_PREFIX}LABEL#{name}" for name in listed_labels(before)} - kept)
        keys = [to_item({"pk": partition, "sk": sort_key}) for sort_key in gone]
        return puts + [{"Delete": {"TableName": self._table, "Key": key}} for key in keys]

    def clear_unannounced(self, request: PersistRequest) -> None:
        """Delete the attribute that says the completion event is still to be sent, if the record has this revision.

        Raises TransientDependencyError.
        """
        clear_unannounced(
            self._dynamodb, self._table, request.image_id, claimed_by=request.execution_arn, revision=request.revision
        )

    def _record_update(self, request: PersistRequest, record: ImageRecord, status: Status, at: str) -> dict[str, Any]:
        written: dict[str, Any] = {
            "status": status,
            "selector": status_selector(status),
            "position": position_of(record.tenant, request.image_id),
            "updated_at": at,
            "revision": request.revision,
            "unannounced": detail_type(status),
            "original": as_json(request.original),
            "facts": as_json(request.facts),
            "verdict": without_none(as_json(VerdictSummary.of(request.verdict, at))),
        }
        removed = ["reason", "detail", "error", "pending"]
        if status.is_servable:
            written["picture"] = request.picture.to_state()
        else:
            removed.append("picture")  # a placeholder would show what is not published
        if request.verdict.decision is Decision.REVIEW:
            written["review"] = _review(request.verdict)
        else:
            removed.append("review")
        assignments = ", ".join(f"#{name} = :{name}" for name in written)
        removals = ", ".join(f"#{name}" for name in removed)
        values = written | {"processing": Status.PROCESSING, "execution": request.execution_arn}
        return {
            "TableName": self._table,
            "Key": record_key(request.image_id),
            "UpdateExpression": f"SET {assignments} REMOVE {removals}",
            "ConditionExpression": "#status = :processing AND #claimed_by = :execution",
            "ExpressionAttributeNames": {f"#{name}": name for name in (*written, *removed, "claimed_by")},
            "ExpressionAttributeValues": {f":{name}": to_value(value) for name, value in values.items()},
        }


def _review(verdict: Verdict) -> dict[str, Any]:
    """Return the review of an image, whose time begins now."""
    terms = verdict.basis.review
    if terms is None:
        raise ContractError("PersistRequest: a verdict to review needs the terms of the review")
    return as_json(Review(terms.fallback, due_at(terms)))
