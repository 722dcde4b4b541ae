"""Writes a verdict: the record, its labels and a line of its history, all three or none."""

from contextlib import suppress
from typing import Any, Final

from functions.shared.announcements import detail_type
from functions.shared.aws import client, translated_errors
from functions.shared.clock import now
from functions.shared.contracts import Decision, PersistRequest, Status, as_json
from functions.shared.dynamo import to_item, to_value
from functions.shared.errors import RecordConflictError
from functions.shared.keys import LABELS_SORT_KEY, RECORD_SORT_KEY, event_sort_key, record_partition
from functions.shared.records import record_key

STATUS_OF: Final = {
    Decision.ALLOW: Status.PUBLISHED,
    Decision.BLUR: Status.BLURRED,
    Decision.BLOCK: Status.BLOCKED,
}
"""Where an image stands once its verdict is written."""


class VerdictWriter:
    """Writes verdicts to one table. ``dynamodb`` is a botocore DynamoDB client; the process's own by default."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb

    def write(self, request: PersistRequest) -> None:
        """Write the verdict if the image is still processed by this execution.

        Raises RecordConflictError, having written nothing, or TransientDependencyError.
        """
        at = now()
        verdict, status = request.verdict, STATUS_OF[request.verdict.decision]
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

    def note_announced(self, request: PersistRequest) -> None:
        """Take the note that the completion event is to be sent out of the record, where it is still this run's.

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
            removed.append("picture")  # a placeholder shows what is blocked
        else:
            written["picture"] = request.picture.to_state()
        assignments = ", ".join(f"#{name} = :{name}" for name in written)
        removals = ", ".join(f"#{name}" for name in removed)
        values = written | {"processing": Status.PROCESSING, "execution": request.execution_arn}
        return {
            "TableName": self._table,
            "Key": to_item({"pk": record_partition(request.image_id), "sk": RECORD_SORT_KEY}),
            "UpdateExpression": f"SET {assignments} REMOVE {removals}",
            "ConditionExpression": "#status = :processing AND #claimed_by = :execution",
            "ExpressionAttributeNames": {f"#{name}": name for name in (*written, *removed, "claimed_by")},
            "ExpressionAttributeValues": {f":{name}": to_value(value) for name, value in values.items()},
        }
