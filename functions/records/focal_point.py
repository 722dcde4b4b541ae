"""Sets an image's focal point: one transaction that also makes a new revision, so that older variants are stale.

The transaction notes that the completion event of the revision is still to be sent (``unannounced``).
"""

from collections.abc import Callable
from typing import Any, Final

from functions.records.announcements import clear_unannounced
from functions.records.entries import due_entry
from functions.records.reader import RecordReader
from functions.records.record import ImageRecord, record_key
from functions.shared.aws import client, translated_errors
from functions.shared.clock import now
from functions.shared.dynamo import to_item, to_value
from functions.shared.errors import (
    NotServedError,
    RecordConflictError,
    RecordMissingError,
    RevisionsUsedUpError,
    TransientDependencyError,
)
from functions.shared.events import detail_type
from functions.shared.keys import event_sort_key, record_partition

FOCAL_POINT: Final = "FOCAL_POINT"
"""Type of the history item of a change."""

MAX_REVISIONS_FOR_FOCAL_POINT: Final = 50
"""Revisions of an image after which its focal point can no longer be changed. `ingest` ends at 100; an image that is
changed often must remain processable, for example to be blurred again."""

ATTEMPTS: Final = 3
"""How often a change is tried while the record changes."""


class FocalPointWriter:
    """Sets focal points in one table. ``dynamodb`` is a botocore client, by default the process's own."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb
        self._reader = RecordReader(table, self._dynamodb)

    def set(self, image_id: str, point: tuple[int, int], *, before_write: Callable[[], None]) -> ImageRecord:
        """Set the focal point, in sixteenths, and return the record. A repeated call changes nothing.

        ``before_write`` is called once before the first attempt to write, and not if there is nothing to write. Raises
        its errors, RecordMissingError, NotServedError, RevisionsUsedUpError or TransientDependencyError.
        """
        for attempt in range(ATTEMPTS):
            document = self._reader.document(image_id)
            if document is None:
                raise RecordMissingError(image_id)
            record = ImageRecord.from_document(document)
            if not record.status.is_servable:
                raise NotServedError(record.status)
            if record.focal_point == point:
                return record
            last = int(document.get("last_revision", record.revision))
            if last >= MAX_REVISIONS_FOR_FOCAL_POINT:
                raise RevisionsUsedUpError(image_id)
            if attempt == 0:
                before_write()
            try:
                self._write(record, point, last)
            except RecordConflictError:
                continue
        raise TransientDependencyError(f"{image_id} changes too often")

    def clear_unannounced(self, record: ImageRecord) -> None:
        """Delete the attribute that says the event is still to be sent, if the image has this revision.

        Raises TransientDependencyError.
        """
        clear_unannounced(self._dynamodb, self._table, record.image_id, revision=record.revision)

    def _write(self, record: ImageRecord, point: tuple[int, int], last_revision: int) -> None:
        """Write the point and the next revision, if the record is as it was read. Raises RecordConflictError."""
        at, revision = now(), last_revision + 1
        values = {
            "point": list(point), "next": revision, "last": last_revision, "revision": record.revision, "at": at,
            "status": record.status, "event": detail_type(record.status),
        }  # fmt: skip
        update = {
            "TableName": self._table,
            "Key": record_key(record.image_id),
            "UpdateExpression": "SET #focal_point = :point, #revision = :next, #last = :next, "
            "#updated_at = :at, #unannounced = :event",
            "ConditionExpression": "#status = :status AND #revision = :revision "
            "AND (#last = :last OR attribute_not_exists(#last))",
            "ExpressionAttributeNames": {
                "#focal_point": "focal_point", "#revision": "revision", "#last": "last_revision",
                "#updated_at": "updated_at", "#status": "status", "#unannounced": "unannounced",
            },
            "ExpressionAttributeValues": {f":{name}": to_value(value) for name, value in values.items()},
        }  # fmt: skip
        line = {
            "pk": record_partition(record.image_id),
            "sk": event_sort_key(at, FOCAL_POINT),
            "type": FOCAL_POINT,
            "at": at,
            "revision": revision,
            **due_entry(record.image_id, at),
        }
        with translated_errors():
            self._dynamodb.transact_write_items(
                TransactItems=[{"Update": update}, {"Put": {"TableName": self._table, "Item": to_item(line)}}]
            )
