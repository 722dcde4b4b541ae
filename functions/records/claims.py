"""Reads which execution owns an image, and finds records by status.

The state machine `ingest` writes a claim when it starts to process an upload.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from functions.records.reader import records_of
from functions.records.record import record_key
from functions.shared.aws import client, translated_errors
from functions.shared.dynamo import from_item, to_item
from functions.shared.keys import LISTING_INDEX
from functions.shared.status import Status
from functions.shared.upload_events import upload_event


@dataclass(frozen=True)
class Claim:
    """The claim in a record. ``execution_arn`` is None until an execution claims it; times are ISO 8601 in UTC.

    ``etag`` (unquoted), ``version``, ``size`` (bytes) and ``sequencer`` identify the claimed upload. ``etag`` and
    ``size`` are None if the claim itself failed, and in records of releases before 0.1.0 whose upload was never
    accepted. ``error`` is the name of the error that ended the last execution. ``is_unannounced`` tells that the event
    of the status is still to be sent.
    """

    image_id: str
    status: Status
    execution_arn: str | None = None
    claimed_at: str = ""
    updated_at: str = ""
    etag: str | None = None
    version: str = ""
    size: int | None = None
    sequencer: str = ""
    error: str | None = None
    is_unannounced: bool = False

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Build from a record's plain item."""
        original = document.get("original", {})  # of releases before 0.1.0, which claimed no size and no ETag
        size = document.get("claimed_size", original.get("size"))
        return cls(
            image_id=document["pk"].partition("#")[2],
            status=Status(document["status"]),
            execution_arn=document.get("claimed_by"),
            claimed_at=document.get("claimed_at", ""),
            updated_at=document.get("updated_at", ""),
            etag=document.get("claimed_etag", original.get("etag")),
            version=document.get("claimed_version", ""),
            size=None if size is None else int(size),
            sequencer=document.get("sequencer", ""),
            error=document.get("error", {}).get("error"),
            is_unannounced="unannounced" in document,
        )

    @property
    def names_upload(self) -> bool:
        """Whether the claim says which upload it is of, so that its event can be sent again."""
        return self.etag is not None and self.size is not None and bool(self.sequencer)

    def event(self, bucket: str, **options: bool) -> dict[str, Any]:
        """Return the event of the claimed upload in the originals bucket; ``options`` are those of upload_event.

        `ingest` needs a claim that ``names_upload``; `settle` needs only the image's id.
        """
        return upload_event(
            self.image_id, bucket=bucket, etag=self.etag or "", version=self.version, size=self.size or 0,
            sequencer=self.sequencer, **options,
        )  # fmt: skip


class ClaimReader:
    """Reads claims from one table. ``dynamodb`` is a botocore client, by default the process's own."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb

    def of(self, image_id: str) -> Claim | None:
        """Return an image's claim; None if it has no record. Raises TransientDependencyError."""
        with translated_errors():
            response = self._dynamodb.get_item(
                TableName=self._table,
                Key=record_key(image_id),
                ProjectionExpression="pk, claimed_by, #status",
                ExpressionAttributeNames={"#status": "status"},
            )
        return Claim.from_document(from_item(response["Item"])) if "Item" in response else None

    def of_each(self, image_ids: Sequence[str]) -> dict[str, Claim]:
        """Return the claims of images, by id. Raises TransientDependencyError."""
        records = records_of(self._dynamodb, self._table, image_ids, "pk", "claimed_by", "status")
        return {claim.image_id: claim for claim in map(Claim.from_document, records)}

    def unsettled(self, day: date, *statuses: Status) -> Iterator[Claim]:
        """Yield the claims of a day's images that have one of these statuses or an event that is still to be sent.

        Raises TransientDependencyError.
        """
        names = {f":status{number}": status for number, status in enumerate(statuses)}
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=LISTING_INDEX,
            KeyConditionExpression="listing_day = :day",
            FilterExpression=f"#status IN ({', '.join(names)}) OR attribute_exists(unannounced)",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=to_item({":day": str(day), **names}),
        )
        with translated_errors():
            for page in pages:
                yield from map(Claim.from_document, map(from_item, page["Items"]))
