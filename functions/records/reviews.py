"""Finds overdue reviews: no decision came in time, and the fallback was not applied."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.records.entries import status_selector
from functions.records.reader import records_under
from functions.shared.aws import client
from functions.shared.status import Status


@dataclass(frozen=True)
class OverdueReview:
    """A review whose time is over; ``revision`` is that of the image."""

    image_id: str
    revision: int


class ReviewReader:
    """Reads the reviews of one table. ``dynamodb`` is a botocore client, by default the process's own."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb

    def due_before(self, moment: datetime) -> Iterator[OverdueReview]:
        """Yield the reviews of all tenants that were due before a time. Raises TransientDependencyError.

        A review that is held without a time limit is never due.
        """
        selector = status_selector(Status.IN_REVIEW)
        for record in records_under(self._dynamodb, self._table, selector, "pk", "status", "revision", "review"):
            due_at = record.get("review", {}).get("due_at")
            if record["status"] == Status.IN_REVIEW and due_at and datetime.fromisoformat(due_at) < moment:
                yield OverdueReview(record["pk"].partition("#")[2], int(record.get("revision", 0)))
