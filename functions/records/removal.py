"""Marks an image as removed: one write that also deletes the attributes which a removed record does not keep.

From this write on the image is not served: a claim is refused, `persist` publishes nothing, and `serve` returns 410.
"""

from typing import Any

from functions.records.entries import Selection, position_of, status_selector
from functions.records.reader import RecordReader
from functions.records.record import record_key
from functions.records.retention import IN_PROGRESS, KEPT, PERSONAL, REQUESTED
from functions.shared.aws import client, translated_errors
from functions.shared.clock import now
from functions.shared.dynamo import to_item, to_value
from functions.shared.errors import LegalHoldError, RecordConflictError, RecordMissingError
from functions.shared.keys import DEFAULT_TENANT, LABELS_SORT_KEY, record_partition, removal_sort_key
from functions.shared.status import SERVICE_ACTOR, Status


class RemovalWriter:
    """Marks images of one table as removed. ``dynamodb`` is a botocore client, by default the process's own."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb
        self._reader = RecordReader(table, self._dynamodb)

    def mark(self, image_id: str, *, reason: str | None = None, only: Selection | None = None) -> str | None:
        """Mark an image as removed, unless it is; return the ARN of the execution that removes it, if one is recorded.

        ``reason`` is for the history. With ``only``, an image of another list counts as missing. The record need not
        be readable by this release. Raises RecordMissingError, LegalHoldError (nothing was changed) or
        TransientDependencyError.
        """
        record = self._document(image_id)
        if record.get("status") == Status.REMOVED:
            execution_arn = record.get("removal", {}).get("execution_arn")
            return None if execution_arn is None else str(execution_arn)
        if only is not None and not only.includes(record):
            raise RecordMissingError(image_id)
        self._write(image_id, record, reason)
        return None

    def _document(self, image_id: str) -> dict[str, Any]:
        document = self._reader.document(image_id)
        if document is None:
            raise RecordMissingError(image_id)
        return document

    def _write(self, image_id: str, record: dict[str, Any], reason: str | None) -> None:
        """Write REMOVED, delete the attributes that are not kept and the labels, and add a history item.

        Another call may have done so at the same time; then nothing is written. Raises LegalHoldError.
        """
        at = now()
        written = {
            "status": Status.REMOVED,
            "selector": status_selector(Status.REMOVED),
            "position": position_of(record.get("tenant", DEFAULT_TENANT), image_id),
            "updated_at": at,
            "removed_at": at,
            "removal": {"status": IN_PROGRESS, "started_at": at, "step": REQUESTED},
        }
        dropped = sorted((record.keys() | PERSONAL) - KEPT)
        values = {f":{name}": to_value(value) for name, value in written.items()}
        partition = record_partition(image_id)
        update = {
            "TableName": self._table,
            "Key": record_key(image_id),
            "UpdateExpression": f"SET {', '.join(f'#{name} = :{name}' for name in written)} "
            f"REMOVE {', '.join(f'#{name}' for name in dropped)}",
            "ConditionExpression": "attribute_exists(pk) AND #status <> :status "
            "AND (attribute_not_exists(#legal_hold) OR #legal_hold = :false)",
            "ExpressionAttributeNames": {f"#{name}": name for name in {*written, *dropped, "legal_hold"}},
            "ExpressionAttributeValues": values | {":false": to_value(False)},  # noqa: FBT003 - a value, not a flag
        }
        event = {
            "pk": partition,
            "sk": removal_sort_key(at),
            "type": Status.REMOVED,
            "at": at,
            "actor": SERVICE_ACTOR,
            "reason": reason,
        }
        labels = to_item({"pk": partition, "sk": LABELS_SORT_KEY})
        try:
            with translated_errors():
                self._dynamodb.transact_write_items(
                    TransactItems=[
                        {"Update": update},
                        {"Delete": {"TableName": self._table, "Key": labels}},
                        {"Put": {"TableName": self._table, "Item": to_item(event)}},
                    ]
                )
        except RecordConflictError as error:
            if self._document(image_id).get("status") != Status.REMOVED:  # by another call
                raise LegalHoldError(image_id) from error
