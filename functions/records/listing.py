"""Reads images: one with its labels and history, or pages of a list of a tenant's images, newest first.

A page takes one query of the index ``by_selector``, which returns keys, and one batch of reads for their records. It
reads at most one key more than it has images, and one record each, whatever the size of the library (docs/adr/0043).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from ulid import ULID

from functions.records.claims import Claim
from functions.records.creation import UPLOAD_WINDOW
from functions.records.cursors import Cursor, HistoryCursor
from functions.records.entries import Selection, position_of
from functions.records.reader import records_of
from functions.records.record import ImageRecord
from functions.shared.aws import client, translated_errors
from functions.shared.contracts import Label
from functions.shared.dynamo import from_item, to_item
from functions.shared.errors import ContractError, RecordMissingError
from functions.shared.keys import (
    EVENT_PREFIX,
    LABELS_SORT_KEY,
    RECORD_SORT_KEY,
    SELECTOR_INDEX,
    first_id_of,
    is_ulid,
    record_partition,
)

EMBEDDED_LINES: Final = 25
"""History items that are returned with a record; older ones are read by pages."""

ORPHANED_AFTER: Final = UPLOAD_WINDOW + timedelta(days=1)
"""Age at which an entry without a record is deleted: TTL has deleted the record of an upload that never came."""

_AFTER_ALL: Final = "~"
"""Sorts after every image id."""

_NESTED: Final = frozenset({"facts", "picture", "verdict", "removal", "error", "override", "review", "pending"})
"""Attributes of a record that a listing does not show."""


@dataclass(frozen=True)
class HistoryLine:
    """One item of an image's history. Times are ISO 8601 in UTC.

    ``first_at`` and ``count`` describe repeated uploads, which share one item; ``error`` is the error's name.
    ``decision``, ``source`` and ``note`` describe a change of a verdict. ``actor`` is who made a change: ``service``
    for the application, None for the pipeline.
    """

    sort_key: str
    type: str | None = None
    at: str | None = None
    first_at: str | None = None
    count: int | None = None
    execution_arn: str | None = None
    revision: int | None = None
    reason: str | None = None
    detail: str | None = None
    error: str | None = None
    decision: str | None = None
    source: str | None = None
    actor: str | None = None
    note: str | None = None
    policy_digest: str | None = None

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Build from a plain item; unknown attributes are ignored."""
        known = {name: document[name] for name in cls.__dataclass_fields__ if name in document}
        return cls(**known | {"sort_key": document["sk"]})


@dataclass(frozen=True)
class History:
    """History items, newest first, and the cursor of the next page; None at the end."""

    lines: tuple[HistoryLine, ...]
    cursor: HistoryCursor | None


@dataclass(frozen=True)
class Image:
    """An image's record, its labels, and the newest items of its history."""

    record: ImageRecord
    labels: tuple[Label, ...]
    history: History


@dataclass(frozen=True)
class Page:
    """Records, newest first, and the cursor of the next page; None at the end."""

    records: tuple[ImageRecord, ...]
    cursor: Cursor | None


@dataclass(frozen=True)
class Range:
    """Images created at ``since`` or later, and before ``until``, by the time in their ids; None for no bound."""

    since: datetime | None = None
    until: datetime | None = None


ALL_TIMES: Final = Range()


@dataclass(frozen=True)
class IdPage:
    """Ids of a list, newest first, as the index has them, and the cursor of the next page; None at the end."""

    image_ids: tuple[str, ...]
    cursor: Cursor | None


@dataclass(frozen=True)
class ClaimPage:
    """The claims of records, newest record first, and the cursor of the next page; None at the end."""

    claims: tuple[Claim, ...]
    cursor: Cursor | None


class Listing:
    """Reads images of one table. ``dynamodb`` is a botocore client, by default the process's own."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb

    def image(self, image_id: str) -> Image:
        """Return an image with the newest items of its history. One query, however long the history is.

        Raises RecordMissingError, also for text that is not an image id, ContractError or TransientDependencyError.
        """
        partition = _partition(image_id)
        # In descending order the record and the labels come first, then the newest history items.
        items = self._descending("pk = :pk", {":pk": partition}, limit=EMBEDDED_LINES + 3)
        by_key = {item["sk"]: item for item in items if not item["sk"].startswith(EVENT_PREFIX)}
        if RECORD_SORT_KEY not in by_key:
            raise RecordMissingError(image_id)
        lines = [item for item in items if item["sk"].startswith(EVENT_PREFIX)]
        labels = by_key.get(LABELS_SORT_KEY, {}).get("labels", [])
        return Image(
            record=ImageRecord.from_document(by_key[RECORD_SORT_KEY]),
            labels=tuple(Label.from_state(each) for each in labels),
            history=_history(lines, EMBEDDED_LINES),
        )

    def history(self, image_id: str, *, limit: int, cursor: HistoryCursor | None) -> History:
        """Return up to ``limit`` history items of an image that are older than ``cursor``, newest first.

        Raises RecordMissingError, also for text that is not an image id, or TransientDependencyError.
        """
        partition = _partition(image_id)
        with translated_errors():
            key = to_item({"pk": partition, "sk": RECORD_SORT_KEY})
            response = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        if "Item" not in response:
            raise RecordMissingError(image_id)
        start = {} if cursor is None else {"ExclusiveStartKey": to_item({"pk": partition, "sk": cursor.sort_key})}
        lines = self._descending(
            "pk = :pk AND begins_with(sk, :lines)", {":pk": partition, ":lines": EVENT_PREFIX}, limit=limit + 1, **start
        )
        return _history(lines, limit)

    def _descending(self, condition: str, values: dict[str, str], *, limit: int, **start: Any) -> list[dict[str, Any]]:
        """Return items of a partition in descending order of their sort keys."""
        with translated_errors():
            response = self._dynamodb.query(
                TableName=self._table,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=to_item(values),
                ConsistentRead=True,
                ScanIndexForward=False,
                Limit=limit,
                **start,
            )
        return [from_item(item) for item in response["Items"]]

    def page(self, selection: Selection, *, limit: int, cursor: Cursor | None = None, times: Range = ALL_TIMES) -> Page:
        """Return up to ``limit`` (1 to 100) records of a list, newest first.

        A page may be short, even empty, and still have a cursor. Raises ContractError or TransientDependencyError.
        """
        records, position = self._records(selection, limit=limit, cursor=cursor, times=times)
        return Page(tuple(map(_listed, records)), position)

    def claims(self, selection: Selection, *, limit: int, cursor: Cursor | None = None) -> ClaimPage:
        """Return the claims of the records that ``page`` returns. Raises TransientDependencyError."""
        records, position = self._records(selection, limit=limit, cursor=cursor, times=ALL_TIMES)
        return ClaimPage(tuple(map(Claim.from_document, records)), position)

    def ids(
        self, selection: Selection, *, limit: int, cursor: Cursor | None = None, times: Range = ALL_TIMES
    ) -> IdPage:
        """Return up to ``limit`` ids as the index has them: also of removed images whose entries are not deleted yet.

        Raises TransientDependencyError.
        """
        ends = (cursor.before if cursor else _AFTER_ALL, first_id_of(times.until) if times.until else _AFTER_ALL)
        high = _before(min(ends))
        low = first_id_of(times.since) if times.since else ""
        if low > high:
            return IdPage((), None)
        with translated_errors():
            response = self._dynamodb.query(
                TableName=self._table,
                IndexName=SELECTOR_INDEX,
                KeyConditionExpression="selector = :selector AND #position BETWEEN :low AND :high",
                ExpressionAttributeNames={"#position": "position"},
                ExpressionAttributeValues=to_item(
                    {
                        ":selector": selection.selector,
                        ":low": position_of(selection.tenant, low),
                        ":high": position_of(selection.tenant, high),
                    }
                ),
                ScanIndexForward=False,
                Limit=limit + 1,
            )
        found = [from_item(item)["pk"].partition("#")[2] for item in response["Items"]]
        cursor = Cursor(selection.digest, found[limit - 1]) if len(found) > limit else None
        return IdPage(tuple(found[:limit]), cursor)

    def _records(
        self, selection: Selection, *, limit: int, cursor: Cursor | None, times: Range
    ) -> tuple[list[dict[str, Any]], Cursor | None]:
        """Return the records of a page as plain items, and the cursor of the next page."""
        page = self.ids(selection, limit=limit, cursor=cursor, times=times)
        records = self._batch(page.image_ids)
        for image_id in page.image_ids:
            if image_id not in records and _age(image_id) > ORPHANED_AFTER:
                self.forget(selection, image_id)
        found = [records[image_id] for image_id in page.image_ids if image_id in records]
        return [record for record in found if selection.includes(record)], page.cursor

    def _batch(self, image_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the records of up to 100 images as plain items, by id."""
        records = records_of(self._dynamodb, self._table, image_ids)
        return {record["pk"].partition("#")[2]: record for record in records}

    def forget(self, selection: Selection, image_id: str) -> None:
        """Delete the entry of an image that has no record. Raises TransientDependencyError."""
        if selection.sort_key == RECORD_SORT_KEY:
            return
        key = to_item({"pk": record_partition(image_id), "sk": selection.sort_key})
        with translated_errors():
            self._dynamodb.delete_item(TableName=self._table, Key=key)


def _partition(image_id: str) -> str:
    if not is_ulid(image_id):  # DynamoDB refuses keys that are empty or too long
        raise RecordMissingError(image_id)
    return record_partition(image_id)


def _listed(record: dict[str, Any]) -> ImageRecord:
    """Return a record; if this release cannot read a nested attribute, without those. Raises ContractError."""
    try:
        return ImageRecord.from_document(record)
    except ContractError:
        return ImageRecord.from_document({name: value for name, value in record.items() if name not in _NESTED})


def _before(image_id: str) -> str:
    """Return a string that sorts before ``image_id`` and after every smaller id: BETWEEN includes its bounds."""
    return f"{image_id[:-1]}{chr(ord(image_id[-1]) - 1)}{_AFTER_ALL}"


def _age(image_id: str) -> timedelta:
    return datetime.now(UTC) - ULID.from_str(image_id).datetime


def _history(items: list[dict[str, Any]], limit: int) -> History:
    """Return the first ``limit`` items; if one more was read, there is a next page."""
    cursor = HistoryCursor(items[limit - 1]["sk"]) if len(items) > limit else None
    return History(tuple(map(HistoryLine.from_document, items[:limit])), cursor)
