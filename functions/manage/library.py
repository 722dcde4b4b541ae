"""The images of one table as an operator reads them: one with its history, or many, newest first."""

from dataclasses import dataclass
from typing import Any, Final

from functions.manage.cursors import Cursor, HistoryCursor
from functions.shared.aws import client, translated_errors
from functions.shared.contracts import Status
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
from functions.shared.records import record_key

MAX_QUERIES: Final = 20
"""Queries that one listing may cost: a filter that matches little ends with a short page and a cursor."""


EMBEDDED_LINES: Final = 25
"""Lines of history that come with a record; the rest is read by pages."""


@dataclass(frozen=True)
class History:
    """Lines of history, newest first, and where older ones begin, or None at the end."""

    lines: list[dict[str, Any]]
    cursor: HistoryCursor | None


@dataclass(frozen=True)
class Image:
    """An image's record, its labels, and the newest lines of its history, as plain items."""

    record: dict[str, Any]
    labels: list[dict[str, Any]]
    history: History


class Library:
    """Reads images. ``dynamodb`` is a botocore DynamoDB client; the process's own by default."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb

    def record(self, image_id: str) -> dict[str, Any]:
        """Return an image's record as a plain item.

        Raises RecordMissingError, also for a text that is no id, or TransientDependencyError.
        """
        if not is_image_id(image_id):  # DynamoDB refuses keys that are too long or empty
            raise RecordMissingError(image_id)
        with translated_errors():
            answer = self._dynamodb.get_item(TableName=self._table, Key=record_key(image_id), ConsistentRead=True)
        if "Item" not in answer:
            raise RecordMissingError(image_id)
        return from_item(answer["Item"])

    def image(self, image_id: str) -> Image:
        """Return an image with the newest lines of its history, by one query however many lines there are.

        Raises RecordMissingError, also for a text that is no id, or TransientDependencyError.
        """
        if not is_image_id(image_id):
            raise RecordMissingError(image_id)
        # Read backwards, the partition starts with the record and its labels, followed by the newest lines.
        items = self._backwards("pk = :pk", {":pk": record_partition(image_id)}, limit=EMBEDDED_LINES + 3)
        by_key = {item["sk"]: item for item in items if not item["sk"].startswith(EVENT_PREFIX)}
        if RECORD_SORT_KEY not in by_key:
            raise RecordMissingError(image_id)
        lines = [item for item in items if item["sk"].startswith(EVENT_PREFIX)]
        return Image(
            record=by_key[RECORD_SORT_KEY],
            labels=by_key.get(LABELS_SORT_KEY, {}).get("labels", []),
            history=_history(lines, EMBEDDED_LINES),
        )

    def history(self, image_id: str, *, limit: int, cursor: HistoryCursor | None) -> History:
        """Return up to ``limit`` lines of an image's history, newest first, from behind ``cursor``.

        Raises RecordMissingError, also for a text that is no id, or TransientDependencyError.
        """
        pk = self.record(image_id)["pk"]
        start = {} if cursor is None else {"ExclusiveStartKey": to_item({"pk": pk, "sk": cursor.sort_key})}
        lines = self._backwards(
            "pk = :pk AND begins_with(sk, :lines)", {":pk": pk, ":lines": EVENT_PREFIX}, limit=limit + 1, **start
        )
        return _history(lines, limit)

    def _backwards(self, condition: str, values: dict[str, str], *, limit: int, **start: Any) -> list[dict[str, Any]]:
        """Return items of a partition, the last ones first."""
        with translated_errors():
            answer = self._dynamodb.query(
                TableName=self._table,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=to_item(values),
                ConsistentRead=True,
                ScanIndexForward=False,
                Limit=limit,
                **start,
            )
        return [from_item(item) for item in answer["Items"]]

    def page(
        self, tenant: str, *, limit: int, status: Status | None = None, cursor: Cursor | None = None
    ) -> tuple[list[dict[str, Any]], Cursor | None]:
        """Return up to ``limit`` records of a tenant, newest first, and where the next page begins, or None at the end.

        The index is spread by day, so the days are walked backwards; a page may be short, even empty, and still
        have a cursor. Raises TransientDependencyError.
        """
        found: list[dict[str, Any]] = []
        position = cursor
        for _ in range(MAX_QUERIES):
            if position is None or position.before is None:
                day = self._day_at_or_before(position)
                if day is None:
                    return found, None
                position = Cursor(day=day, before=Cursor.AFTER_ALL)
            items, position = self._day_page(position, limit - len(found), tenant, status)
            found += items
            if len(found) == limit:
                return found, position
        # The last record examined may belong to another tenant, so its id must not appear in the cursor.
        return found, position.shortened() if position else None

    def _day_at_or_before(self, position: Cursor | None) -> str | None:
        """Return the newest day that has images, older than the position's."""
        condition, values = "pk = :pk", {":pk": to_value(DAYS_PARTITION)}
        if position is not None:
            condition, values = f"{condition} AND sk < :day", values | {":day": to_value(position.day)}
        with translated_errors():
            answer = self._dynamodb.query(
                TableName=self._table,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=values,
                ScanIndexForward=False,
                Limit=1,
            )
        return str(from_item(answer["Items"][0])["sk"]) if answer["Items"] else None

    def _day_page(
        self, position: Cursor, limit: int, tenant: str, status: Status | None
    ) -> tuple[list[dict[str, Any]], Cursor]:
        """Return some records of the position's day older than its image, and the position after them."""
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
            "Limit": max(limit, 100),  # DynamoDB counts before it filters: a larger bite, cut to size below
        }
        if status is not None:
            request["FilterExpression"] += " AND #status = :status"
            request["ExpressionAttributeNames"] = {"#status": "status"}
            request["ExpressionAttributeValues"][":status"] = to_value(status)
        with translated_errors():
            answer = self._dynamodb.query(**request)
        items = [from_item(item) for item in answer["Items"]][:limit]
        if len(items) == limit:
            return items, Cursor(day=position.day, before=items[-1]["image_id"])
        last = answer.get("LastEvaluatedKey")
        return items, Cursor(day=position.day, before=from_item(last)["image_id"] if last else None)


def _history(lines: list[dict[str, Any]], limit: int) -> History:
    """Cut lines to ``limit``; where one more was read, older ones follow."""
    more = len(lines) > limit
    return History(lines[:limit], HistoryCursor(lines[limit - 1]["sk"]) if more else None)
