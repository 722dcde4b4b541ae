"""Deletes a record's attribute ``unannounced``, which says that its completion event is still to be sent."""

from contextlib import suppress
from typing import Any

from functions.records.record import record_key
from functions.shared.aws import translated_errors
from functions.shared.dynamo import to_value
from functions.shared.errors import RecordConflictError


def clear_unannounced(dynamodb: Any, table: str, image_id: str, **expected: int | str) -> None:
    """Delete the attribute, if the record's attributes have the expected values, such as the announced ``revision``.

    Raises TransientDependencyError.
    """
    with suppress(RecordConflictError), translated_errors():
        dynamodb.update_item(
            TableName=table,
            Key=record_key(image_id),
            UpdateExpression="REMOVE #unannounced",
            ConditionExpression=" AND ".join(f"#{name} = :{name}" for name in expected),
            ExpressionAttributeNames={f"#{name}": name for name in ("unannounced", *expected)},
            ExpressionAttributeValues={f":{name}": to_value(value) for name, value in expected.items()},
        )
