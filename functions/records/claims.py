"""Reads which execution owns an image, and finds the images that something is still to be done for.

The state machine `ingest` writes a claim when it starts to process an upload.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from functions.records.entries import due_selector, status_selector
from functions.records.reader import records_of, records_under
from functions.records.record import record_key
from functions.shared.aws import client, translated_errors
from functions.shared.dynamo import from_item
from functions.shared.status import Status
from functions.shared.upload_events import upload_event

MAX_REVISIONS: Final = 100
"""Revisions after which `ingest` processes an image no more."""

_ATTRIBUTES: Final = (
    "pk", "status", "claimed_by", "claimed_at", "updated_at", "claimed_etag", "claimed_version", "claimed_size",
    "original", "sequencer", "last_revision", "error", "unannounced", "pending",
)  # fmt: skip
"""What a claim is built from."""


@dataclass(frozen=True)
class Claim:
    """The claim in a record. ``execution_arn`` is None until an execution claims it; times are ISO 8601 in UTC.

    ``etag`` (unquoted), ``version``, ``size`` (bytes) and ``sequencer`` identify the claimed upload. ``etag`` and
    ``size`` are None if the claim itself failed, and in records of releases before 0.1.0 whose upload was never
    accepted. ``last_revision`` is the newest revision, also of an execution in progress. ``error`` is the name of the
    error that ended the last execution. ``is_unannounced`` tells that the event of the status is still to be sent.
    ``pending_at`` is the time of a decision for which the image has to be processed again, "" if there is none.
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
    last_revision: int = 0
    error: str | None = None
    is_unannounced: bool = False
    pending_at: str = ""

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
            last_revision=int(document.get("last_revision", 0)),
            error=document.get("error", {}).get("error"),
            is_unannounced="unannounced" in document,
            pending_at=document.get("pending", {}).get("at", ""),
        )

    @property
    def names_upload(self) -> bool:
        """Whether the claim says which upload it is of, so that its event can be sent again."""
        return self.etag is not None and self.size is not None and bool(self.sequencer)

    @property
    def can_be_processed(self) -> bool:
        """Whether `ingest` would process the image again."""
        return self.names_upload and self.last_revision < MAX_REVISIONS

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

    def of(self, image_id: str, *, consistent: bool = False) -> Claim | None:
        """Return an image's claim; None if it has no record. Raises TransientDependencyError.

        ``consistent`` includes every write that was complete before the call. The claim does not identify the upload.
        """
        with translated_errors():
            response = self._dynamodb.get_item(
                TableName=self._table,
                Key=record_key(image_id),
                ConsistentRead=consistent,
                ProjectionExpression="pk, claimed_by, #status, pending",
                ExpressionAttributeNames={"#status": "status"},
            )
        return Claim.from_document(from_item(response["Item"])) if "Item" in response else None

    def of_each(self, image_ids: Sequence[str]) -> dict[str, Claim]:
        """Return the claims of images, by id. Raises TransientDependencyError."""
        records = records_of(self._dynamodb, self._table, image_ids, "pk", "claimed_by", "status")
        return {claim.image_id: claim for claim in map(Claim.from_document, records)}

    def in_status(self, status: Status) -> Iterator[Claim]:
        """Yield the claims of all images with a status. Raises TransientDependencyError."""
        for claim in self._under(status_selector(status)):
            if claim.status is status:  # the index may lag behind the record
                yield claim

    def due(self, at: str) -> Iterator[Claim]:
        """Yield the claims of images of whose history something followed in an hour (see entries.py).

        ``at`` is an ISO 8601 time in UTC. The claim tells what is still to be done. Raises TransientDependencyError.
        """
        yield from self._under(due_selector(at))

    def _under(self, selector: str) -> Iterator[Claim]:
        yield from map(Claim.from_document, records_under(self._dynamodb, self._table, selector, *_ATTRIBUTES))
