"""Reads what a detector said about an image before: the item LABELS."""

from typing import Any

from functions.policy.policy import Answer
from functions.shared.aws import client, translated_errors
from functions.shared.dynamo import from_item, to_item
from functions.shared.keys import LABELS_SORT_KEY, record_partition


class StoredAnswers:
    """Reads answers from one table. ``dynamodb`` is a botocore client, by default the process's own."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb

    def of(self, image_id: str, *, views_digest: str) -> Answer | None:
        """Return the answer about the views with this digest; None if the stored one is about others.

        Raises ContractError if it cannot be read, or TransientDependencyError.
        """
        key = to_item({"pk": record_partition(image_id), "sk": LABELS_SORT_KEY})
        with translated_errors():
            response = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        item = from_item(response.get("Item", {}))
        return Answer.from_state(item) if item.get("views_digest") == views_digest else None
