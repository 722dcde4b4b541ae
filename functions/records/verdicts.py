"""Writes a verdict in one transaction: the record, its labels and an item of its history."""

from contextlib import suppress
from typing import Any

from functions.records.record import record_key
from functions.shared.aws import client, translated_errors
from functions.shared.clock import now
from functions.shared.contracts import PersistRequest, Status, as_json
from functions.shared.dynamo import to_item, to_value
from functions.shared.errors import RecordConflictError
from functions.shared.events import detail_type
from functions.shared.keys import LABELS_SORT_KEY, event_sort_key, record_partition


class VerdictWriter:
    """Writes verdicts to one table. ``dynamodb`` is a botocore client, by default the process's own."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb

    def write(self, request: PersistRequest) -> None:
        """Write the verdict if this execution still processes the image.

        Raises RecordConflictError if it does not (nothing was written), or TransientDependencyError.
        """
        at = now()
        verdict, status = request.verdict, request.verdict.decision.status
        partition = record_partition(request.image_id)
        labels = {
            "pk": partition,
            "sk": LABELS_SORT_KEY,
            "labels": [as_json(label) for label in verdict.labels],
            "policy_version": verdict.policy_version,
            "model_version": verdict.model_version,
            "at": at,
        }
        event = {
            "pk": partition,
            "sk": event_sort_key(at, status),
            "type": status,
            "at": at,
            "execution_arn": request.execution_arn,
            "revision": request.revision,
        }
        with translated_errors():
            self._dynamodb.transact_write_items(
                TransactItems=[
                    {"Update": self._record_update(request, status, at)},
                    {"Put": {"TableName": self._table, "Item": to_item(labels)}},
                    {"Put": {"TableName": self._table, "Item": to_item(event)}},
                ]
            )

    def clear_unannounced(self, request: PersistRequest) -> None:
        """Delete the attribute that says the completion event is still to be sent, if the record has this revision.

        Raises TransientDependencyError.
        """
        names = ("unannounced", "claimed_by", "revision")
        values = {":execution": request.execution_arn, ":revision": request.revision}
        with suppress(RecordConflictError), translated_errors():
            self._dynamodb.update_item(
                TableName=self._table,
                Key=record_key(request.image_id),
                UpdateExpression="REMOVE #unannounced",
                ConditionExpression="#claimed_by = :execution AND #revision = :revision",
                ExpressionAttributeNames={f"#{name}": name for name in names},
                ExpressionAttributeValues=to_item(values),
            )

    def _record_update(self, request: PersistRequest, status: Status, at: str) -> dict[str, Any]:
        verdict = request.verdict
        written: dict[str, Any] = {
            "status": status,
            "updated_at": at,
            "revision": request.revision,
            "unannounced": detail_type(status),
            "original": as_json(request.original),
            "facts": as_json(request.facts),
            "verdict": {
                "decision": verdict.decision,
                "policy_version": verdict.policy_version,
                "model_version": verdict.model_version,
                "deciding": list(verdict.deciding),
                "moderated_at": at,
            },
        }
        removed = ["reason", "detail", "error"]
        if status is Status.BLOCKED:
            removed.append("picture")  # a placeholder would show what is blocked
        else:
            written["picture"] = request.picture.to_state()
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
