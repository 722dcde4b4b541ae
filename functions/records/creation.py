"""Creates the record of a new image, before its upload is accepted: every upload then has a record."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ulid import ULID

from functions.records.entries import entries_at_creation, position_of, status_selector
from functions.shared.aws import client, translated_errors
from functions.shared.clock import iso
from functions.shared.dynamo import to_item
from functions.shared.keys import DAYS_PARTITION, DEFAULT_TENANT, RECORD_SORT_KEY, record_partition
from functions.shared.status import Status

UPLOAD_WINDOW: Final = timedelta(days=15)
"""How long a record without an upload is kept; DynamoDB's TTL then deletes it. A presigned request is valid for a day
at most, and the event of its upload may wait in the queue for 14 more."""


@dataclass(frozen=True)
class NewImage:
    """What a client declares about an upload.

    ``size`` is in bytes; ``filename`` is never part of a key or a path; ``policy`` is the name of the policy that is to
    judge the image.
    """

    content_type: str
    size: int
    filename: str | None = None
    tenant: str = DEFAULT_TENANT
    owner: str | None = None
    policy: str | None = None


class RecordCreator:
    """Creates records in one table. ``dynamodb`` is a botocore client, by default the process's own."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb
        self._registered_days: set[str] = set()  # the listing's days; each process writes a day once

    def create(self, image: NewImage) -> str:
        """Write a record that awaits its upload, with its entries in lists, and return the new image's id.

        TTL deletes only the record; a list deletes the entries when it meets them. Raises TransientDependencyError.
        """
        created = datetime.now(UTC)
        image_id = str(ULID.from_datetime(created))
        at = iso(created)
        day = at[:10]
        self._register_day(day)
        record = {
            "pk": record_partition(image_id),
            "sk": RECORD_SORT_KEY,
            "image_id": image_id,
            "status": Status.AWAITING_UPLOAD,
            "tenant": image.tenant,
            "owner": image.owner,
            "policy": image.policy,
            "filename": image.filename,
            "content_type": image.content_type,
            "declared_size": image.size,
            "created_at": at,
            "updated_at": at,
            "listing_day": day,
            "selector": status_selector(Status.AWAITING_UPLOAD),
            "position": position_of(image.tenant, image_id),
            "expires_at": int((created + UPLOAD_WINDOW).timestamp()),
        }
        items = [record, *entries_at_creation(image_id, tenant=image.tenant, owner=image.owner)]
        with translated_errors():
            self._dynamodb.transact_write_items(
                TransactItems=[{"Put": {"TableName": self._table, "Item": to_item(item)}} for item in items]
            )
        return image_id

    def _register_day(self, day: str) -> None:
        if day in self._registered_days:
            return
        with translated_errors():
            self._dynamodb.put_item(TableName=self._table, Item=to_item({"pk": DAYS_PARTITION, "sk": day}))
        self._registered_days.add(day)
