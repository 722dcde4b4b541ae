"""Takedown: first the record says REMOVED, then every file goes; each step may be repeated.

From the first write on nothing can bring the image back: a claim is refused, `persist` gives way, `serve` answers 410
and deletes what it was making. What is left of the record is id, status, times and reason.
"""

from typing import Any, Final

from functions.manage.library import Library
from functions.manage.settings import ManageSettings
from functions.shared.announcements import Announcer
from functions.shared.aws import client, translated_errors
from functions.shared.clock import now
from functions.shared.contracts import Status
from functions.shared.dynamo import to_item, to_value
from functions.shared.errors import RecordConflictError
from functions.shared.keys import (
    LABELS_SORT_KEY,
    RECORD_SORT_KEY,
    event_sort_key,
    generated_prefix,
    upload_prefix,
)
from functions.shared.object_store import S3ObjectStore

KEPT: Final = frozenset(
    {
        "pk", "sk", "image_id", "status", "tenant", "created_at", "updated_at", "removed_at", "listing_day", "reason",
        "last_revision", "sequencer", "claimed_by", "claimed_at",
    }
)  # fmt: skip
"""What a removed record keeps. The last four hold no trace of the picture, and keep late events away."""

PERSONAL: Final = frozenset(
    {"filename", "owner", "original", "picture", "facts", "verdict", "detail", "error", "expires_at"}
)
"""What goes in any case: a run may be writing it between our reading and our writing."""

EVENT_KEPT: Final = frozenset({"pk", "sk", "type", "at", "execution_arn", "revision", "reason"})


class LegalHoldError(Exception):
    """The image must be kept as it is; nothing was changed."""


class Remover:
    """Takes images down. ``dynamodb`` is a botocore DynamoDB client; the process's own by default."""

    def __init__(
        self,
        settings: ManageSettings,
        *,
        library: Library,
        store: S3ObjectStore,
        announcer: Announcer,
        dynamodb: Any = None,
    ) -> None:
        self._settings = settings
        self._library = library
        self._store = store
        self._announcer = announcer
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb

    def remove(self, image_id: str) -> None:
        """Take an image down everywhere; of one that is down already, take what an earlier call may have left.

        Raises RecordMissingError, LegalHoldError (nothing was changed) or TransientDependencyError (repeat the call).
        """
        record, _, _ = self._library.image(image_id)
        if record["status"] != Status.REMOVED:
            self._mark_removed(record)
        record, _, history = self._library.image(image_id)  # what was written until then, and nothing comes after
        self._scrub(record["pk"], history)
        self._sweep(image_id)
        self._announcer.announce(image_id, Status.REMOVED, tenant=record.get("tenant"))

    def _mark_removed(self, record: dict[str, Any]) -> None:
        """Write REMOVED and drop what is not kept, in one transaction with the line of history."""
        at = now()
        written = {"status": Status.REMOVED, "updated_at": at, "removed_at": at}
        dropped = sorted((record.keys() | PERSONAL) - KEPT)
        values = {f":{name}": to_value(value) for name, value in written.items()}
        update = {
            "TableName": self._settings.table_name,
            "Key": to_item({"pk": record["pk"], "sk": RECORD_SORT_KEY}),
            "UpdateExpression": f"SET {', '.join(f'#{name} = :{name}' for name in written)} "
            f"REMOVE {', '.join(f'#{name}' for name in dropped)}",
            "ConditionExpression": "attribute_exists(pk) "
            "AND (attribute_not_exists(#legal_hold) OR #legal_hold = :false)",
            "ExpressionAttributeNames": {f"#{name}": name for name in {*written, *dropped, "legal_hold"}},
            "ExpressionAttributeValues": values | {":false": to_value(False)},  # noqa: FBT003 - a value, not a flag
        }
        event = {"pk": record["pk"], "sk": event_sort_key(at, Status.REMOVED), "type": Status.REMOVED, "at": at}
        labels = to_item({"pk": record["pk"], "sk": LABELS_SORT_KEY})
        table = self._settings.table_name
        try:
            with translated_errors():
                self._dynamodb.transact_write_items(
                    TransactItems=[
                        {"Update": update},
                        {"Delete": {"TableName": table, "Key": labels}},
                        {"Put": {"TableName": table, "Item": to_item(event)}},
                    ]
                )
        except RecordConflictError as error:
            self._library.image(record["image_id"])  # raises RecordMissingError if TTL took it meanwhile
            raise LegalHoldError(record["image_id"]) from error

    def _scrub(self, partition: str, history: list[dict[str, Any]]) -> None:
        """Take out of the history what may speak of the picture, sentences and errors among it."""
        for event in history:
            dropped = sorted(event.keys() - EVENT_KEPT)
            if not dropped:
                continue
            with translated_errors():
                self._dynamodb.update_item(
                    TableName=self._settings.table_name,
                    Key=to_item({"pk": partition, "sk": event["sk"]}),
                    UpdateExpression=f"REMOVE {', '.join(f'#{name}' for name in dropped)}",
                    ExpressionAttributeNames={f"#{name}": name for name in dropped},
                )

    def _sweep(self, image_id: str) -> None:
        """Delete every file. `generated` last: until then `serve` may still be putting variants there."""
        settings = self._settings
        self._store.delete_versions(settings.originals_bucket, upload_prefix(image_id))
        self._store.delete_prefix(settings.staging_bucket, f"{image_id}/")
        self._store.delete_prefix(settings.published_bucket, f"{image_id}/")
        self._store.delete_prefix(settings.generated_bucket, generated_prefix(image_id))
