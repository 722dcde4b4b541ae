"""Reads image records with botocore."""

from collections.abc import Iterator, Sequence
from typing import Any

from functions.records.record import ImageRecord, record_key
from functions.shared.aws import KEYS_PER_READ, batch_get, client, translated_errors
from functions.shared.dynamo import from_item, to_item
from functions.shared.errors import RecordMissingError
from functions.shared.keys import SELECTOR_INDEX, is_ulid


class RecordReader:
    """Reads records of one table. ``dynamodb`` is a botocore client, by default the process's own."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb

    def get(self, image_id: str, *, consistent: bool = False) -> ImageRecord:
        """Return the record; ``consistent`` includes every write that was complete before the call.

        Raises RecordMissingError, also for text that is not an image id, ContractError or TransientDependencyError.
        """
        document = self.document(image_id, consistent=consistent)
        if document is None:
            raise RecordMissingError(image_id)
        return ImageRecord.from_document(document)

    def document(self, image_id: str, *, consistent: bool = True) -> dict[str, Any] | None:
        """Return the record as a plain item, whatever it contains; None if there is none.

        Removals use this: a record that this release cannot read must be removable too. Raises
        TransientDependencyError.
        """
        if not is_ulid(image_id):  # DynamoDB refuses keys that are empty or too long
            return None
        with translated_errors():
            response = self._dynamodb.get_item(
                TableName=self._table, Key=record_key(image_id), ConsistentRead=consistent
            )
        return from_item(response["Item"]) if "Item" in response else None


def records_of(dynamodb: Any, table: str, image_ids: Sequence[str], *attributes: str) -> Iterator[dict[str, Any]]:
    """Yield the records of images as plain items, in any order: these attributes, or all if none is given.

    Images without a record are left out. Raises TransientDependencyError.
    """
    options: dict[str, Any] = {}
    if attributes:
        options["ProjectionExpression"] = ", ".join(f"#{name}" for name in attributes)
        options["ExpressionAttributeNames"] = {f"#{name}": name for name in attributes}
    yield from map(from_item, batch_get(dynamodb, table, [record_key(each) for each in image_ids], **options))


def records_under(dynamodb: Any, table: str, selector: str, *attributes: str) -> Iterator[dict[str, Any]]:
    """Yield the records of the images that the index has under a selector, as ``records_of`` does.

    The index may lag behind the records. An image is yielded again if another item of it is under the selector. Raises
    TransientDependencyError.
    """
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        IndexName=SELECTOR_INDEX,
        KeyConditionExpression="selector = :selector",
        ExpressionAttributeValues=to_item({":selector": selector}),
        PaginationConfig={"PageSize": KEYS_PER_READ},
    )
    with translated_errors():
        for page in pages:
            image_ids = {from_item(item)["pk"].partition("#")[2] for item in page["Items"]}
            yield from records_of(dynamodb, table, sorted(image_ids), *attributes)
