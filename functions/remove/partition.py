"""An image's partition of the table as removals see it: what decides which files stay, and what is scrubbed.

A record is read as plain attributes here: one that another release wrote, or that is broken, must be removable too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from functions.shared.aws import client, translated_errors
from functions.shared.contracts import Status
from functions.shared.dynamo import from_item, to_item, to_value
from functions.shared.errors import RecordConflictError, TransientDependencyError
from functions.shared.keys import (
    EVENT_PREFIX,
    LABELS_SORT_KEY,
    RECORD_SORT_KEY,
    SECOND_UPLOAD,
    event_sort_key,
    record_partition,
)
from functions.shared.records import record_key
from functions.shared.removal import KEPT, LINE_KEPT

WRITE_BATCH: Final = 25
"""Items in one BatchWriteItem call; DynamoDB's own limit."""
SERVED: Final = frozenset({Status.PUBLISHED, Status.BLURRED})
GIVEN_UP: Final = frozenset({Status.REJECTED, Status.HELD, Status.FAILED})


@dataclass(frozen=True)
class Standing:
    """What a record says about its files. ``revision`` is the one last published, 0 before the first."""

    status: str
    revision: int
    last_revision: int
    claimed_by: str | None
    claimed_etag: str | None
    claimed_version: str

    @property
    def is_removed(self) -> bool:
        """Tell whether the image was removed."""
        return self.status == Status.REMOVED

    @property
    def is_served(self) -> bool:
        """Tell whether the image may be served, at ``revision``."""
        return self.status in SERVED

    @property
    def is_given_up(self) -> bool:
        """Tell whether the last run ended without a verdict; an earlier run may have published the image."""
        return self.status in GIVEN_UP


class Partition:
    """Reads and scrubs records in one table. ``dynamodb`` is a botocore client; the process's own by default."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb

    def standing(self, image_id: str) -> Standing | None:
        """Return what the record says now; None where there is no record. Raises TransientDependencyError."""
        record = self._record(image_id)
        if record is None:
            return None
        return Standing(
            status=record.get("status", ""),
            revision=record.get("revision", 0),
            last_revision=record.get("last_revision", 0),
            claimed_by=record.get("claimed_by"),
            # A record of a release that wrote no claimed_etag has that of the published original, if there is one.
            claimed_etag=record.get("claimed_etag") or record.get("original", {}).get("etag"),
            claimed_version=record.get("claimed_version", ""),
        )

    def note_step(self, image_id: str, step: str) -> None:
        """Write into a removed image's record how far its removal is. Raises TransientDependencyError."""
        try:
            with translated_errors():
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=record_key(image_id),
                    UpdateExpression="SET #removal.#step = :step",
                    ConditionExpression="#status = :removed AND attribute_exists(#removal)",
                    ExpressionAttributeNames={"#removal": "removal", "#step": "step", "#status": "status"},
                    ExpressionAttributeValues={":step": to_value(step), ":removed": to_value(Status.REMOVED)},
                )
        except RecordConflictError:
            return  # the record has no removal to show the progress of

    def scrub(self, image_id: str) -> Iterator[int]:
        """Drop from a removed image's partition what may describe the picture; yield the items changed, by batch.

        Lines about uploads that were not claimed are deleted. Raises TransientDependencyError.
        """
        record = self._record(image_id)
        if record is None:
            return
        yield self._scrub_record(image_id, record)
        requests: list[dict[str, Any]] = []
        for page in self._lines(image_id):
            requests += [request for line in page if (request := _scrubbed(line)) is not None]
            while len(requests) >= WRITE_BATCH:
                batch, requests = requests[:WRITE_BATCH], requests[WRITE_BATCH:]
                yield self._write(batch)
        yield self._write(requests)

    def _record(self, image_id: str) -> dict[str, Any] | None:
        with translated_errors():
            answer = self._dynamodb.get_item(TableName=self._table, Key=record_key(image_id), ConsistentRead=True)
        return from_item(answer["Item"]) if "Item" in answer else None

    def _scrub_record(self, image_id: str, record: dict[str, Any]) -> int:
        """Drop labels and attributes; write the line about the removal, which may be there already."""
        partition = record_partition(image_id)
        at = record["removed_at"]
        line = {"pk": partition, "sk": event_sort_key(at, Status.REMOVED), "type": Status.REMOVED, "at": at}
        self._write(
            [
                {"DeleteRequest": {"Key": to_item({"pk": partition, "sk": LABELS_SORT_KEY})}},
                {"PutRequest": {"Item": to_item(line)}},
            ]
        )
        dropped = sorted(record.keys() - KEPT)
        if not dropped:
            return 0
        with translated_errors():
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_item({"pk": partition, "sk": RECORD_SORT_KEY}),
                UpdateExpression=f"REMOVE {', '.join(f'#{name}' for name in dropped)}",
                ConditionExpression="#status = :removed",
                ExpressionAttributeNames={f"#{name}": name for name in (*dropped, "status")},
                ExpressionAttributeValues={":removed": to_value(Status.REMOVED)},
            )
        return 1

    def _lines(self, image_id: str) -> Iterator[list[dict[str, Any]]]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :lines)",
            ExpressionAttributeValues={
                ":pk": to_value(record_partition(image_id)),
                ":lines": to_value(EVENT_PREFIX),
            },
            ConsistentRead=True,
        )
        with translated_errors():
            for page in pages:
                yield [from_item(item) for item in page["Items"]]

    def _write(self, requests: list[dict[str, Any]]) -> int:
        if not requests:
            return 0
        with translated_errors():
            answer = self._dynamodb.batch_write_item(RequestItems={self._table: requests})
        if answer.get("UnprocessedItems"):  # the call answers 200 even when DynamoDB took nothing
            raise TransientDependencyError("DynamoDB did not take a whole batch of the history")
        return len(requests)


def _scrubbed(line: dict[str, Any]) -> dict[str, Any] | None:
    """Return the write that scrubs a line of history; None where there is nothing to scrub."""
    key = {"pk": line["pk"], "sk": line["sk"]}
    if line.get("type") == SECOND_UPLOAD:
        return {"DeleteRequest": {"Key": to_item(key)}}
    if line.keys() <= LINE_KEPT:
        return None
    return {"PutRequest": {"Item": to_item({name: value for name, value in line.items() if name in LINE_KEPT})}}
