"""An image's partition of the table, for removals: which files are needed, and deleting what describes the picture.

Records are read as plain attributes here: one that this release cannot read must be removable too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from functions.records.reader import RecordReader
from functions.records.record import record_key
from functions.records.retention import KEPT, LINE_KEPT
from functions.shared.aws import client, translated_errors
from functions.shared.dynamo import from_item, to_item, to_value
from functions.shared.errors import RecordConflictError, TransientDependencyError
from functions.shared.keys import (
    ENTRY_PREFIX,
    EVENT_PREFIX,
    LABELS_SORT_KEY,
    SECOND_UPLOAD,
    SECOND_UPLOAD_SORT_KEY,
    record_partition,
    removal_sort_key,
    revision_of,
)
from functions.shared.status import Status

WRITE_BATCH: Final = 25
"""Items in one BatchWriteItem call; DynamoDB's own limit."""


@dataclass(frozen=True)
class FileState:
    """What a record says about the image's files.

    ``status`` is None if this release does not know it. ``revision`` is the one that is served, 0 before the first;
    ``files_revision`` is the one whose published files it uses, an older one after a change of the focal point.
    ``claimed_by``, ``claimed_etag`` and ``claimed_version`` are the last execution and the upload that it processes.
    ``legal_hold`` keeps every version of the original.
    """

    status: Status | None
    revision: int
    files_revision: int
    last_revision: int
    claimed_by: str | None
    claimed_etag: str | None
    claimed_version: str
    legal_hold: bool = False

    @property
    def is_removed(self) -> bool:
        """Whether the image was removed."""
        return self.status is Status.REMOVED

    @property
    def is_servable(self) -> bool:
        """Whether the image is served, at ``revision``."""
        return self.status is not None and self.status.is_servable

    @property
    def ended_without_verdict(self) -> bool:
        """Whether the last execution ended without a verdict; an earlier one may have published the image."""
        return self.status is not None and self.status.ended_without_verdict


class Partition:
    """Reads and scrubs partitions of one table. ``dynamodb`` is a botocore client, by default the process's own."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb
        self._reader = RecordReader(table, self._dynamodb)

    def file_state(self, image_id: str) -> FileState | None:
        """Return what the record says now; None if there is no record. Raises TransientDependencyError."""
        record = self._reader.document(image_id)
        if record is None:
            return None
        revision = record.get("revision", 0)
        master = record.get("picture", {}).get("master", {}).get("key")
        return FileState(
            status=_status(record.get("status")),
            revision=revision,
            files_revision=revision_of(master) if master else revision,
            last_revision=record.get("last_revision", 0),
            claimed_by=record.get("claimed_by"),
            # Earlier releases wrote no claimed_etag; their records have the ETag of the published original, if any.
            claimed_etag=record.get("claimed_etag") or record.get("original", {}).get("etag"),
            claimed_version=record.get("claimed_version", ""),
            legal_hold=bool(record.get("legal_hold")),
        )

    def note_step(self, image_id: str, step: str) -> None:
        """Record the last completed step of a removal. Raises TransientDependencyError."""
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
            return  # the image is not removed, so no progress is shown

    def scrub(self, image_id: str) -> Iterator[int]:
        """Delete what may describe the picture from a removed image's partition; yield the items changed, by batch.

        Entries of lists are deleted. Raises TransientDependencyError.
        """
        record = self._reader.document(image_id)
        if record is None:
            return
        yield self._scrub_record(image_id, record)
        requests: list[dict[str, Any]] = []
        for page in self._described(image_id):
            requests += [request for line in page if (request := _scrubbed(line)) is not None]
            while len(requests) >= WRITE_BATCH:
                batch, requests = requests[:WRITE_BATCH], requests[WRITE_BATCH:]
                yield self._write(batch)
        yield self._write(requests)

    def _scrub_record(self, image_id: str, record: dict[str, Any]) -> int:
        """Delete labels and attributes; write the history item of the removal, which may exist."""
        partition = record_partition(image_id)
        self._write([{"DeleteRequest": {"Key": to_item({"pk": partition, "sk": LABELS_SORT_KEY})}}])
        self._note_removal(partition, record["removed_at"])
        dropped = sorted(record.keys() - KEPT)
        if not dropped:
            return 0
        with translated_errors():
            self._dynamodb.update_item(
                TableName=self._table,
                Key=record_key(image_id),
                UpdateExpression=f"REMOVE {', '.join(f'#{name}' for name in dropped)}",
                ConditionExpression="#status = :removed",
                ExpressionAttributeNames={f"#{name}": name for name in (*dropped, "status")},
                ExpressionAttributeValues={":removed": to_value(Status.REMOVED)},
            )
        return 1

    def _note_removal(self, partition: str, at: str) -> None:
        """Write the history item of the removal, unless it exists; then it may also name an actor and a reason."""
        with translated_errors():
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_item({"pk": partition, "sk": removal_sort_key(at)}),
                UpdateExpression="SET #type = :type, #at = :at",
                ExpressionAttributeNames={"#type": "type", "#at": "at"},
                ExpressionAttributeValues=to_item({":type": Status.REMOVED, ":at": at}),
            )

    def _described(self, image_id: str) -> Iterator[list[dict[str, Any]]]:
        """Yield pages of the image's entries and history."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":pk": to_value(record_partition(image_id)),
                ":first": to_value(ENTRY_PREFIX),
                ":last": to_value(f"{EVENT_PREFIX}~"),
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
            response = self._dynamodb.batch_write_item(RequestItems={self._table: requests})
        if response.get("UnprocessedItems"):  # the status is 200 even if DynamoDB wrote nothing
            raise TransientDependencyError("DynamoDB did not write all items of a batch; try again")
        return len(requests)


def _status(word: Any) -> Status | None:
    try:
        return Status(word)
    except ValueError:
        return None


def _scrubbed(line: dict[str, Any]) -> dict[str, Any] | None:
    """Return the write that scrubs an entry or a history item; None if there is nothing to scrub.

    Earlier releases wrote one history item for each upload that was not claimed: thousands may be left, so they go.
    """
    key = {"pk": line["pk"], "sk": line["sk"]}
    is_of_one_upload = line.get("type") == SECOND_UPLOAD and line["sk"] != SECOND_UPLOAD_SORT_KEY
    if line["sk"].startswith(ENTRY_PREFIX) or is_of_one_upload:
        return {"DeleteRequest": {"Key": to_item(key)}}
    if line.keys() <= LINE_KEPT:
        return None
    return {"PutRequest": {"Item": to_item({name: value for name, value in line.items() if name in LINE_KEPT})}}
