"""The images of one table as an operator reads them: one with its history, or many, newest first."""

from typing import Any, Final

from functions.manage.cursors import Cursor
from functions.shared.aws import client, translated_errors
from functions.shared.contracts import Status
from functions.shared.dynamo import from_item, to_value
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
"""Queries that one listing may cost: a filter that matches little ends with a short page and a cursor."""


class Library:
    """Reads images. ``dynamodb`` is a botocore DynamoDB client; the process's own by default."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb

    def image(self, image_id: str) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
        """Return record, labels and history (oldest first) as plain items.

        Raises RecordMissingError, also for a text that is no id, or TransientDependencyError.
        """
        if not is_image_id(image_id):  # DynamoDB refuses keys that are too long or empty
            raise RecordMissingError(image_id)
        with translated_errors():
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": to_value(record_partition(image_id))},
                ConsistentRead=True,
            )
            items = [from_item(item) for page in pages for item in page["Items"]]
        by_key = {item["sk"]: item for item in items}
        if RECORD_SORT_KEY not in by_key:
            raise RecordMissingError(image_id)
        labels = by_key.get(LABELS_SORT_KEY, {}).get("labels", [])
        history = [item for item in items if item["sk"].startswith(EVENT_PREFIX)]
        return by_key[RECORD_SORT_KEY], labels, history

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
