"""The record of a new image, written before anything is handed out, so that no upload is ever unknown."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ulid import ULID

from functions.shared.aws import client, translated_errors
from functions.shared.clock import iso
from functions.shared.contracts import Status
from functions.shared.dynamo import to_item
from functions.shared.keys import DAYS_PARTITION, RECORD_SORT_KEY, record_partition
from functions.upload.requests import Labels

AWAITED_FOR: Final = timedelta(days=15)
"""How long a record waits for its upload before DynamoDB's TTL deletes it. A form is valid for a day at most, and the
event of its upload may wait in the queue for 14 more."""


class Registrar:
    """Creates records in one table. ``dynamodb`` is a botocore DynamoDB client; the process's own by default."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb
        self._registered_days: set[str] = set()  # the listing's directory: one write per process and day

    def register(self, labels: Labels, *, content_type: str, size: int) -> str:
        """Write a record that awaits its upload and return the new image's id. Raises TransientDependencyError."""
        image_id = str(ULID())
        created = datetime.now(UTC)
        at = iso(created)
        day = at[:10]
        self._register_day(day)
        record = {
            "pk": record_partition(image_id),
            "sk": RECORD_SORT_KEY,
            "image_id": image_id,
            "status": Status.AWAITING_UPLOAD,
            "tenant": labels.tenant,
            "owner": labels.owner,
            "filename": labels.filename,
            "content_type": content_type,
            "declared_size": size,
            "created_at": at,
            "updated_at": at,
            "listing_day": day,
            "expires_at": int((created + AWAITED_FOR).timestamp()),
        }
        with translated_errors():
            self._dynamodb.put_item(TableName=self._table, Item=to_item(record))
        return image_id

    def _register_day(self, day: str) -> None:
        if day in self._registered_days:
            return
        with translated_errors():
            self._dynamodb.put_item(TableName=self._table, Item=to_item({"pk": DAYS_PARTITION, "sk": day}))
        self._registered_days.add(day)
