"""Publishes a judged picture: its files, its record and its completion event, in an order that survives any crash.

1. The files are copied to ``published``, under the same keys: complete before anything points at them.
2. One transaction flips the record, if this execution still holds the image. From here on it is served. The record
   notes that its completion event is still to be sent.
3. Files of older revisions and all generated variants go, then the completion event (whose listeners purge the CDN:
   what they purge must not be there to be fetched again), then its note in the record, then the staging files.

Run again after a crash, a step finds its work done and continues; the event may come twice. An execution that no longer
holds the image deletes what it wrote: a removal during processing wins.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from functions.persist.settings import PersistSettings
from functions.persist.verdicts import STATUS_OF, VerdictWriter
from functions.shared.announcements import Announcer
from functions.shared.contracts import Decision, Persisted, PersistRequest, Status, Superseded
from functions.shared.errors import ContractError, ObjectMissingError, RecordConflictError, RecordMissingError
from functions.shared.keys import generated_prefix, image_prefix, revision_of, revision_prefix
from functions.shared.object_store import S3ObjectStore
from functions.shared.records import ImageRecord, RecordReader

PARALLEL_COPIES: Final = 4
"""S3 answers one copy in tens of milliseconds whatever it holds; a picture has up to eighteen files."""


@dataclass(frozen=True)
class Publisher:
    """Publishes pictures, with everything that it needs for that."""

    store: S3ObjectStore
    records: RecordReader
    verdicts: VerdictWriter
    announcer: Announcer
    settings: PersistSettings

    def persist(self, request: PersistRequest) -> Persisted | Superseded:
        """Carry out the verdict of a request.

        Raises ContractError when the picture's files are not those that the verdict allows to show,
        ObjectMissingError or TransientDependencyError.
        """
        files = _files_to_publish(request)
        record = self._record(request)
        written = self._publish(request, files) if _holds(request, record) else _is_written(request, record)
        if record is None or not written:
            return self._withdraw(request)
        self._finish(request, tenant=record.tenant)
        return Persisted(status=STATUS_OF[request.verdict.decision], revision=request.revision)

    def _publish(self, request: PersistRequest, files: list[str]) -> bool:
        """Copy the files and flip the record; tell whether it shows this revision now."""
        try:
            self._copy(files)
            self.verdicts.write(request)
        except (RecordConflictError, ObjectMissingError):
            # Removed meanwhile, or a first attempt of this execution was still running and is done now.
            record = self._record(request)
            if _holds(request, record):
                raise
            return _is_written(request, record)
        return True

    def _copy(self, files: list[str]) -> None:
        """Copy the files side by side; when this ends, by an error too, no copy is under way any more."""
        with ThreadPoolExecutor(PARALLEL_COPIES) as pool:
            list(pool.map(self._copy_one, files))

    def _copy_one(self, key: str) -> None:
        self.store.copy(self.settings.staging_bucket, key, self.settings.published_bucket, key)

    def _record(self, request: PersistRequest) -> ImageRecord | None:
        try:
            return self.records.get(request.image_id, consistent=True)
        except RecordMissingError:
            return None

    def _finish(self, request: PersistRequest, *, tenant: str) -> None:
        status, revision = STATUS_OF[request.verdict.decision], request.revision
        self._delete_revisions(self.settings.published_bucket, request.image_id, up_to=revision - 1)
        # Which revision a variant was made from, its key does not tell; one too many is only made again.
        self.store.delete_prefix(self.settings.generated_bucket, generated_prefix(request.image_id))
        self.announcer.announce(request.image_id, status, revision=revision, tenant=tenant)
        self.verdicts.note_announced(request)
        self._delete_revisions(self.settings.staging_bucket, request.image_id, up_to=revision)

    def _delete_revisions(self, bucket: str, image_id: str, *, up_to: int) -> None:
        """Delete the files of old revisions; those of newer ones are somebody else's."""
        keys = self.store.keys(bucket, image_prefix(image_id))
        self.store.delete_all(bucket, [key for key in keys if revision_of(key) <= up_to])

    def _withdraw(self, request: PersistRequest) -> Superseded:
        """Delete what this execution wrote, which is its revision and nothing else."""
        prefix = revision_prefix(request.image_id, request.revision)
        self.store.delete_prefix(self.settings.published_bucket, prefix)
        self.store.delete_prefix(self.settings.staging_bucket, prefix)
        return Superseded("The image was removed, or taken over by another execution, before it was published.")


def _files_to_publish(request: PersistRequest) -> list[str]:
    """Return the keys that the verdict allows to show. Raises ContractError for a file from anywhere else.

    A sharp picture with a verdict to blur is a bug of the workflow, and must not get out by it.
    """
    decision = request.verdict.decision
    if decision is Decision.BLOCK:
        return []
    keys = [request.picture.master.key, *(rendition.key for rendition in request.picture.renditions)]
    prefix = revision_prefix(request.image_id, request.revision)
    blurred = f"{prefix}blurred/"
    for key in keys:
        if not key.startswith(prefix) or key.startswith(blurred) is not (decision is Decision.BLUR):
            raise ContractError(f"PersistRequest: {key} may not be published with the verdict {decision.value}")
    return keys


def _holds(request: PersistRequest, record: ImageRecord | None) -> bool:
    return record is not None and (record.status, record.claimed_by) == (Status.PROCESSING, request.execution_arn)


def _is_written(request: PersistRequest, record: ImageRecord | None) -> bool:
    return record is not None and (record.status, record.claimed_by, record.revision) == (
        STATUS_OF[request.verdict.decision],
        request.execution_arn,
        request.revision,
    )
