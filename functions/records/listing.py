"""Reads images for operators: one with its labels and history, or pages of a tenant's images, newest first."""

from dataclasses import dataclass
from typing import Any, Final, Self

from functions.records.claims import Claim
from functions.records.cursors import Cursor, HistoryCursor
from functions.records.record import ImageRecord
from functions.shared.aws import client, translated_errors
from functions.shared.contracts import Label, Status
from functions.shared.dynamo import from_item, to_item, to_value
from functions.shared.errors import RecordMissingError
from functions.shared.keys import (
    DAYS_PARTITION,
    EVENT_PREFIX,
    LABELS_SORT_KEY,
    LISTING_INDEX,
    RECORD_SORT_KEY,
    is_image_id,
    record_partition,
)

MAX_QUERIES: Final = 20
"""Most queries for one page of a listing. If a filter matches few images, the page is short and has a cursor."""

EMBEDDED_LINES: Final = 25
"""History items that are returned with a record; older ones are read by pages."""

_NESTED: Final = frozenset({"facts", "picture", "verdict", "removal", "error", "override", "review", "pending"})
"""Attributes of a record that a listing does not show."""


@dataclass(frozen=True)
class HistoryLine:
    """One item of an image's history. Times are ISO 8601 in UTC.

    ``first_at`` and ``count`` describe repeated uploads, which share one item; ``error`` is the error's name.
    ``decision``, ``source``, ``actor`` and ``note`` describe a change of a verdict.
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
    """Records, newest first, and the cursor of the next page; None at the end.

    The records contain the attributes that a listing shows: no facts, picture, verdict, removal or error.
    """

    records: tuple[ImageRecord, ...]
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

    def page(self, tenant: str, *, limit: int, status: Status | None = None, cursor: Cursor | None = None) -> Page:
        """Return up to ``limit`` records of a tenant, newest first.

        The index is partitioned by day, so days are read backwards. A page may be short, even empty, and still have a
        cursor. Raises ContractError or TransientDependencyError.
        """
        items, position = self._items(tenant, limit=limit, status=status, cursor=cursor)
        return _page(items, position)

    def claims(self, tenant: str, *, limit: int, status: Status, cursor: Cursor | None = None) -> ClaimPage:
        """Return the claims of the records that ``page`` returns. Raises TransientDependencyError."""
        items, position = self._items(tenant, limit=limit, status=status, cursor=cursor)
        return ClaimPage(tuple(map(Claim.from_document, items)), position)

    def _items(
        self, tenant: str, *, limit: int, status: Status | None, cursor: Cursor | None
    ) -> tuple[list[dict[str, Any]], Cursor | None]:
        """Return a tenant's records as plain items, and the cursor of the next page."""
        found: list[dict[str, Any]] = []
        position = cursor
        for _ in range(MAX_QUERIES):
            if position is None or position.before is None:
                day = self._day_before(position)
                if day is None:
                    return found, None
                position = Cursor(day=day, before=Cursor.AFTER_ALL)
            items, position = self._day_page(position, limit - len(found), tenant, status)
            found += items
            if len(found) == limit:
                return found, position
        # The last record read may belong to another tenant; its id must not appear in the cursor.
        return found, position.shortened() if position else None

    def _day_before(self, position: Cursor | None) -> str | None:
        """Return the newest day with images that is before the position's day; None if there is none."""
        condition, values = "pk = :pk", {":pk": to_value(DAYS_PARTITION)}
        if position is not None:
            condition, values = f"{condition} AND sk < :day", values | {":day": to_value(position.day)}
        with translated_errors():
            response = self._dynamodb.query(
                TableName=self._table,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=values,
                ScanIndexForward=False,
                Limit=1,
            )
        return str(from_item(response["Items"][0])["sk"]) if response["Items"] else None

    def _day_page(
        self, position: Cursor, limit: int, tenant: str, status: Status | None
    ) -> tuple[list[dict[str, Any]], Cursor]:
        """Return some records of the position's day that are older than its image, and the next position."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": LISTING_INDEX,
            "KeyConditionExpression": "listing_day = :day AND image_id < :before",
            "ExpressionAttributeValues": {
                ":day": to_value(position.day),
                ":before": to_value(position.before),
                ":tenant": to_value(tenant),
            },
            "FilterExpression": "tenant = :tenant",
            "ScanIndexForward": False,
            "Limit": max(limit, 100),  # DynamoDB counts before it filters: read more, and cut to the limit below
        }
        if status is not None:
            request["FilterExpression"] += " AND #status = :status"
            request["ExpressionAttributeNames"] = {"#status": "status"}
            request["ExpressionAttributeValues"][":status"] = to_value(status)
        with translated_errors():
            response = self._dynamodb.query(**request)
        items = [from_item(item) for item in response["Items"]][:limit]
        if len(items) == limit:
            return items, Cursor(day=position.day, before=items[-1]["image_id"])
        last = response.get("LastEvaluatedKey")
        return items, Cursor(day=position.day, before=from_item(last)["image_id"] if last else None)


def _partition(image_id: str) -> str:
    if not is_image_id(image_id):  # DynamoDB refuses keys that are empty or too long
        raise RecordMissingError(image_id)
    return record_partition(image_id)


def _page(items: list[dict[str, Any]], cursor: Cursor | None) -> Page:
    shown = ({name: value for name, value in item.items() if name not in _NESTED} for item in items)
    return Page(tuple(map(ImageRecord.from_document, shown)), cursor)


def _history(items: list[dict[str, Any]], limit: int) -> History:
    """Return the first ``limit`` items; if one more was read, there is a next page."""
    cursor = HistoryCursor(items[limit - 1]["sk"]) if len(items) > limit else None
    return History(tuple(map(HistoryLine.from_document, items[:limit])), cursor)
