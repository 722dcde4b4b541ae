"""The image record: one DynamoDB item per image, as every function reads and changes it.

Its labels and its history are items of their own in the same partition (see keys.py). What a function writes
is in that function; here stands what a record is and how it is read.
"""

from dataclasses import dataclass
from typing import Any, Protocol, Self

from functions.shared.contracts import OriginalFacts, Picture, Reason, Status
from functions.shared.dynamo import from_item
from functions.shared.errors import RecordMissingError
from functions.shared.keys import RECORD_SORT_KEY, record_partition


@dataclass(frozen=True)
class ImageRecord:
    """What is known of an image. Times are ISO 8601 in UTC; ``revision`` is the one being served, 0 before."""

    image_id: str
    status: Status
    created_at: str
    tenant: str = "default"
    owner: str | None = None
    filename: str | None = None
    content_type: str | None = None
    updated_at: str | None = None
    revision: int = 0
    claimed_by: str | None = None
    facts: OriginalFacts | None = None
    picture: Picture | None = None
    verdict: dict[str, Any] | None = None
    reason: Reason | None = None
    detail: str | None = None
    legal_hold: bool = False

    @classmethod
    def from_item(cls, item: dict[str, Any]) -> Self:
        """Build from a DynamoDB item in its typed form ({"S": …}). Raises ContractError on a broken one."""
        document = from_item(item)
        document["status"] = Status(document["status"])
        document.setdefault("created_at", "")
        if document.get("reason") is not None:
            document["reason"] = Reason(document["reason"])
        if document.get("facts") is not None:
            document["facts"] = OriginalFacts.from_state(document["facts"])
        if document.get("picture") is not None:
            document["picture"] = Picture.from_state(document["picture"])
        return cls(**{name: document[name] for name in cls.__dataclass_fields__ if name in document})


def record_key(image_id: str) -> dict[str, Any]:
    """Return the key of an image's record in DynamoDB's typed form."""
    return {"pk": {"S": record_partition(image_id)}, "sk": {"S": RECORD_SORT_KEY}}


class Records(Protocol):
    """Image records by id, as RecordReader and serve's own reader give them."""

    def get(self, image_id: str, *, consistent: bool = False) -> ImageRecord:
        """Return the record. Raises RecordMissingError or TransientDependencyError."""


class RecordReader:
    """Reads image records. ``dynamodb`` is a botocore DynamoDB client; the process's own by default.

    botocore is imported where it is used: serve reads records without it.
    """

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        from functions.shared.aws import client

        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb

    def get(self, image_id: str, *, consistent: bool = False) -> ImageRecord:
        """Return the record; ``consistent`` sees every write that ended before the call.

        Raises RecordMissingError or TransientDependencyError.
        """
        from functions.shared.aws import translated_errors

        with translated_errors():
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key=record_key(image_id),
                ConsistentRead=consistent,
            )
        if "Item" not in answer:
            raise RecordMissingError(image_id)
        return ImageRecord.from_item(answer["Item"])
