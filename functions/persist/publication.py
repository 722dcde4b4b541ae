"""Publishes a moderated picture: its files, its record and its completion event, in an order that survives any crash.

1. The files are copied to ``published``, under the same keys, before the record refers to them.
2. One transaction updates the record, if this execution still processes the image. From then on the image is served.
   The record also notes that its completion event is still to be sent.
3. If there is an earlier revision, its files and all generated variants are deleted. Then the event is sent; it purges
   the CDN, which must not be able to fetch them again. If there is an earlier revision, `retire` is started: a writer
   that died may still leave a variant. The staging files are deleted. Finally the note is deleted: until then `sweep`
   finds the image.

After a crash every step can be repeated; the event may be sent more than once, until the note is deleted. An execution
that no longer processes the image deletes the files that it wrote: a removal during processing takes precedence.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from functions.persist.settings import PersistSettings
from functions.records.event_detail import detail_of_verdict
from functions.records.reader import RecordReader
from functions.records.record import ImageRecord
from functions.records.verdicts import VerdictWriter
from functions.shared.contracts import Persisted, PersistRequest, Superseded
from functions.shared.errors import ContractError, ObjectMissingError, RecordConflictError, RecordMissingError
from functions.shared.events import EventPublisher
from functions.shared.keys import generated_prefix, image_prefix, revision_of, revision_prefix
from functions.shared.object_store import S3ObjectStore
from functions.shared.retirement import Retirement
from functions.shared.status import Decision, Status

PARALLEL_COPIES: Final = 4
"""S3 copies a file of any size in tens of milliseconds; a picture has up to three files."""


@dataclass(frozen=True)
class Publisher:
    """Publishes pictures."""

    store: S3ObjectStore
    records: RecordReader
    verdicts: VerdictWriter
    events: EventPublisher
    retirement: Retirement
    settings: PersistSettings

    def persist(self, request: PersistRequest) -> Persisted | Superseded:
        """Apply the verdict of a request.

        Raises ContractError if the verdict does not allow the picture's files to be published, ObjectMissingError or
        TransientDependencyError.
        """
        files = _files_to_publish(request)
        record = self._record(request)
        holds = _holds(request, record)
        written = self._publish(request, files, record) if record and holds else _is_written(request, record)
        if record is None or not written:
            return self._delete_own(request)
        self._finish(request, record, is_announced=not holds and record.unannounced is None)
        return Persisted(status=request.verdict.decision.status, revision=request.revision)

    def _publish(self, request: PersistRequest, files: list[str], record: ImageRecord) -> bool:
        """Copy the files and update the record; tell whether it shows this revision now."""
        try:
            self._copy(files)
            self.verdicts.write(request, record)
        except (RecordConflictError, ObjectMissingError):
            # The image was removed, or an earlier attempt of this execution was still running and is complete now.
            now = self._record(request)
            if _holds(request, now):
                raise
            return _is_written(request, now)
        return True

    def _copy(self, files: list[str]) -> None:
        """Copy the files in parallel; when this returns or raises, no copy is in progress."""
        with ThreadPoolExecutor(PARALLEL_COPIES) as pool:
            list(pool.map(self._copy_one, files))

    def _copy_one(self, key: str) -> None:
        self.store.copy(self.settings.staging_bucket, key, self.settings.published_bucket, key)

    def _record(self, request: PersistRequest) -> ImageRecord | None:
        try:
            return self.records.get(request.image_id, consistent=True)
        except RecordMissingError:
            return None

    def _finish(self, request: PersistRequest, record: ImageRecord, *, is_announced: bool) -> None:
        image_id, revision = request.image_id, request.revision
        if revision > 1:
            self._delete_revisions(self.settings.published_bucket, image_id, up_to=revision - 1)
            # A variant's key does not contain its revision. A variant that is deleted needlessly is generated again.
            self.store.delete_prefix(self.settings.generated_bucket, generated_prefix(image_id))
        if not is_announced:
            detail = detail_of_verdict(record, request)
            self.events.publish(image_id, request.verdict.decision.status, revision=revision, detail=detail)
        if revision > 1:
            self.retirement.start(image_id, name=f"{image_id}-{revision}")
        self._delete_revisions(self.settings.staging_bucket, image_id, up_to=revision)
        self.verdicts.clear_unannounced(request)

    def _delete_revisions(self, bucket: str, image_id: str, *, up_to: int) -> None:
        """Delete the files of old revisions; newer ones belong to other executions."""
        keys = self.store.keys(bucket, image_prefix(image_id))
        self.store.delete_all(bucket, [key for key in keys if revision_of(key) <= up_to])

    def _delete_own(self, request: PersistRequest) -> Superseded:
        """Delete the files that this execution wrote: those of its revision."""
        prefix = revision_prefix(request.image_id, request.revision)
        self.store.delete_prefix(self.settings.published_bucket, prefix)
        self.store.delete_prefix(self.settings.staging_bucket, prefix)
        return Superseded("The image was removed, or taken over by another execution, before it was published.")


def _files_to_publish(request: PersistRequest) -> list[str]:
    """Return the keys of the files that the verdict allows to be published. Raises ContractError for any other file.

    A sharp picture with a verdict to blur would be a bug of the workflow; it must not be published.
    """
    decision = request.verdict.decision
    if not decision.publishes:
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
    """Tell whether this execution has written the record.

    A change of the focal point makes a newer revision of the same files, an override to block makes one without files.
    """
    if record is None:
        return False
    written = revision_of(record.picture.master.key) if record.picture else record.revision
    return (record.status, record.claimed_by, written) == (
        request.verdict.decision.status, request.execution_arn, request.revision,
    )  # fmt: skip
