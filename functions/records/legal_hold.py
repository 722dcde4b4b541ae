"""Writes legal holds: the record says that the image must be kept, and the history says why."""

from typing import Any, Final

from functions.records.reader import RecordReader
from functions.records.record import record_key
from functions.shared.aws import client, translated_errors
from functions.shared.clock import now
from functions.shared.dynamo import to_item, to_value
from functions.shared.errors import (
    LegalHoldChangedError,
    NotServedError,
    NotUploadedError,
    RecordConflictError,
    RecordMissingError,
    TransientDependencyError,
)
from functions.shared.keys import event_sort_key, record_partition
from functions.shared.status import SERVICE_ACTOR, Status

LEGAL_HOLD: Final = "LEGAL_HOLD"
LEGAL_HOLD_RELEASED: Final = "LEGAL_HOLD_RELEASED"
"""Types of the history items."""

ATTEMPTS: Final = 3
"""How often a hold is tried while the record changes."""


class LegalHoldWriter:
    """Writes legal holds in one table. ``dynamodb`` is a botocore client, by default the process's own.

    The attribute ``hold_number`` counts the calls that set a hold, so that one that releases it at the same time finds
    that the hold was set again.
    """

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb
        self._reader = RecordReader(table, self._dynamodb)

    def number(self, image_id: str) -> int | None:
        """Return the number of the hold that the record shows; None if it shows none.

        Raises RecordMissingError, NotServedError (the image was removed) or TransientDependencyError.
        """
        record = self._record(image_id)
        return int(record.get("hold_number", 0)) if record.get("legal_hold") else None

    def set(self, image_id: str, reason: str) -> None:
        """Record a hold; an image that has one gets no further history item.

        Raises RecordMissingError, NotServedError (the image was removed), NotUploadedError or
        TransientDependencyError.
        """
        for _ in range(ATTEMPTS):
            record = self._record(image_id)
            if record.get("status") == Status.AWAITING_UPLOAD:
                raise NotUploadedError(image_id)
            number = int(record.get("hold_number", 0))
            values = {"on": True, "next": number + 1}
            update = "SET #legal_hold = :on, #number = :next"
            line = None if record.get("legal_hold") else self._line(image_id, LEGAL_HOLD, reason)
            try:
                self._write(image_id, record, update, values, line)
            except RecordConflictError:
                continue
            return
        raise TransientDependencyError(f"{image_id} changes too often")

    def release(self, image_id: str, reason: str, *, number: int) -> None:
        """Record that the hold ``number`` ended.

        Raises RecordMissingError, LegalHoldChangedError (it was set again) or TransientDependencyError.
        """
        record = self._record(image_id)
        if not record.get("legal_hold"):
            return
        if int(record.get("hold_number", 0)) != number:
            raise LegalHoldChangedError(image_id)
        line = self._line(image_id, LEGAL_HOLD_RELEASED, reason)
        try:
            self._write(image_id, record, "SET #legal_hold = :on", {"on": False}, line)
        except RecordConflictError as error:
            raise LegalHoldChangedError(image_id) from error

    def _record(self, image_id: str) -> dict[str, Any]:
        record = self._reader.document(image_id)
        if record is None:
            raise RecordMissingError(image_id)
        if record.get("status") == Status.REMOVED:
            raise NotServedError(Status.REMOVED)
        return record

    def _write(
        self, image_id: str, record: dict[str, Any], update: str, values: dict[str, Any], line: dict[str, Any] | None
    ) -> None:
        """Write the update and the history item, if no hold was set since the record was read."""
        seen = record.get("hold_number")
        unchanged = "attribute_not_exists(#number)" if seen is None else "#number = :seen"
        names = {"#legal_hold": "legal_hold", "#number": "hold_number", "#status": "status"}
        values = values | {"removed": Status.REMOVED, "awaiting": Status.AWAITING_UPLOAD}
        if seen is not None:
            values["seen"] = seen
        items: list[dict[str, Any]] = [
            {
                "Update": {
                    "TableName": self._table,
                    "Key": record_key(image_id),
                    "UpdateExpression": update,
                    "ConditionExpression": f"NOT #status IN (:removed, :awaiting) AND {unchanged}",
                    "ExpressionAttributeNames": names,
                    "ExpressionAttributeValues": {f":{name}": to_value(value) for name, value in values.items()},
                }
            }
        ]
        if line is not None:
            items.append({"Put": {"TableName": self._table, "Item": to_item(line)}})
        with translated_errors():
            self._dynamodb.transact_write_items(TransactItems=items)

    def _line(self, image_id: str, event_type: str, reason: str) -> dict[str, Any]:
        at = now()
        return {
            "pk": record_partition(image_id),
            "sk": event_sort_key(at, event_type),
            "type": event_type,
            "at": at,
            "actor": SERVICE_ACTOR,
            "detail": reason,
        }
