"""Deletes the files and the history of one image that a request names, in its order, until a time limit.

Every call lists the existing files and deletes those, so it is safe to repeat and to run in parallel. The record is
read first, consistently, and decides: a place is emptied only for a removed image, and the files of the revision that a
record shows are never deleted.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final

from functions.records.partition import FileState, Partition
from functions.remove.settings import RemoveSettings
from functions.shared.contracts import REMOVAL, Deletion, DeletionRequest, DeletionResult, Upload
from functions.shared.errors import ObjectChangedError, ObjectMissingError, RecordConflictError
from functions.shared.keys import REVISION_METADATA, generated_prefix, image_prefix, revision_of, upload_prefix
from functions.shared.object_store import DELETE_BATCH, S3ObjectStore
from functions.shared.objects import StoredVersion

BUDGET_SECONDS: Final = 30.0
"""Seconds after which a call stops at the end of a batch; the function's timeout is twice that."""
PARALLEL_HEADS: Final = 16
"""Variants whose metadata is read in parallel; each HeadObject takes tens of milliseconds."""


@dataclass(frozen=True)
class Batch:
    """A step of a deletion: the number of deleted items, and the last key read if the next step cannot start over."""

    deleted: int
    after: str = ""

    @property
    def is_progress(self) -> bool:
        """Whether the next call has less to do. Only then may this call stop."""
        return bool(self.deleted or self.after)


class Deleter:
    """Deletes files of images. ``clock`` returns seconds."""

    def __init__(
        self,
        settings: RemoveSettings,
        *,
        store: S3ObjectStore,
        partition: Partition,
        budget_seconds: float = BUDGET_SECONDS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._settings = settings
        self._store = store
        self._partition = partition
        self._budget_seconds = budget_seconds
        self._clock = clock

    def delete(self, request: DeletionRequest) -> DeletionResult:
        """Delete the files that the request names.

        Raises RecordConflictError, with nothing deleted, if the request empties a place of an image that is not
        removed; or TransientDependencyError.
        """
        deadline = self._clock() + self._budget_seconds
        state = self._partition.file_state(request.image_id)
        if set(request.sweep) & set(REMOVAL) and (state is None or not state.is_removed):
            raise RecordConflictError(f"{request.image_id} is not removed, so its files must be kept")
        if Deletion.ORIGINALS in request.sweep and state is not None and state.legal_hold:
            raise RecordConflictError(f"{request.image_id} is under a legal hold, so its original must be kept")
        deleted, noted = 0, None
        for deletion in request.sweep:
            for batch in self._batches(deletion, request, state):
                if batch.deleted and deletion in REMOVAL and deletion is not noted:
                    self._partition.note_step(request.image_id, deletion.upper())
                    noted = deletion
                deleted += batch.deleted
                if batch.is_progress and self._clock() >= deadline:
                    return DeletionResult(done=False, deleted=deleted, after=batch.after)
        if request.then is not None:
            self._partition.note_step(request.image_id, request.then)
        return DeletionResult(done=True, deleted=deleted)

    def _batches(self, deletion: Deletion, request: DeletionRequest, state: FileState | None) -> Iterator[Batch]:
        settings, image_id = self._settings, request.image_id
        match deletion:
            case Deletion.GENERATED:
                yield from self._everything(settings.generated_bucket, generated_prefix(image_id))
            case Deletion.PUBLISHED:
                yield from self._everything(settings.published_bucket, image_prefix(image_id))
            case Deletion.STAGING:
                yield from self._everything(settings.staging_bucket, image_prefix(image_id))
            case Deletion.ORIGINALS:
                yield from self._versions(self._store.versions(settings.originals_bucket, upload_prefix(image_id)))
            case Deletion.RECORD:
                yield from (Batch(changed) for changed in self._partition.scrub(image_id))
            case Deletion.REVISIONS:
                yield from self._unpublished(request, state)
            case Deletion.SUPERSEDED:
                yield from self._superseded(request, state)
            case Deletion.UPLOADS:
                yield from self._later_uploads(request, state)

    def _everything(self, bucket: str, prefix: str) -> Iterator[Batch]:
        while keys := self._store.first_keys(bucket, prefix):
            self._store.delete_all(bucket, keys)
            yield Batch(len(keys))

    def _versions(self, versions: Sequence[StoredVersion]) -> Iterator[Batch]:
        for start in range(0, len(versions), DELETE_BATCH):
            batch = versions[start : start + DELETE_BATCH]
            self._store.delete_versions(self._settings.originals_bucket, batch)
            yield Batch(len(batch))

    def _unpublished(self, request: DeletionRequest, state: FileState | None) -> Iterator[Batch]:
        """Delete the files of an execution that failed or was superseded, and of those before it."""
        settings, image_id = self._settings, request.image_id
        if state is not None and state.is_removed:
            yield from self._everything(settings.published_bucket, image_prefix(image_id))
            yield from self._everything(settings.staging_bucket, image_prefix(image_id))
            return
        newest = _newest_unpublished(request, state)
        shown = 0 if state is None else state.files_revision
        yield self._revisions(settings.published_bucket, image_id, lambda each: each <= newest and each != shown)
        yield self._revisions(settings.staging_bucket, image_id, lambda each: each <= newest)
        if state is not None and state.ended_without_verdict:  # the CDN reads variants directly
            yield from self._everything(settings.generated_bucket, generated_prefix(image_id))

    def _superseded(self, request: DeletionRequest, state: FileState | None) -> Iterator[Batch]:
        """Delete files older than the revision that the record shows; if the image is not served, all variants."""
        settings, image_id = self._settings, request.image_id
        if state is None:
            return
        if state.is_removed:
            for bucket in (settings.published_bucket, settings.staging_bucket):
                yield from self._everything(bucket, image_prefix(image_id))
        else:
            files, shown = state.files_revision, state.revision
            yield self._revisions(settings.published_bucket, image_id, lambda each: each < files)
            yield self._revisions(settings.staging_bucket, image_id, lambda each: each <= shown)
        if not state.is_servable:
            yield from self._everything(settings.generated_bucket, generated_prefix(image_id))
            return
        yield from self._stale_variants(image_id, state.revision, after=request.after)

    def _stale_variants(self, image_id: str, revision: int, *, after: str) -> Iterator[Batch]:
        """Delete the variants of other revisions. The revision is in the metadata, not in the key."""
        bucket, prefix = self._settings.generated_bucket, generated_prefix(image_id)
        with ThreadPoolExecutor(PARALLEL_HEADS) as pool:
            while keys := self._store.first_keys(bucket, prefix, after=after):
                after = keys[-1]
                yield Batch(sum(pool.map(lambda key: self._deletes_stale(key, str(revision)), keys)), after)

    def _deletes_stale(self, key: str, revision: str) -> bool:
        """Delete a variant of another revision, unless it is being overwritten; tell whether it was deleted."""
        bucket = self._settings.generated_bucket
        with suppress(ObjectMissingError, ObjectChangedError):
            etag, metadata = self._store.described(bucket, key)
            if metadata.get(REVISION_METADATA) != revision:
                self._store.delete(bucket, key, etag=etag)
                return True
        return False

    def _revisions(self, bucket: str, image_id: str, is_deleted: Callable[[int], bool]) -> Batch:
        keys = [key for key in self._store.keys(bucket, image_prefix(image_id)) if is_deleted(revision_of(key))]
        self._store.delete_all(bucket, keys)
        return Batch(len(keys))

    def _later_uploads(self, request: DeletionRequest, state: FileState | None) -> Iterator[Batch]:
        """Delete the versions of the original that were not claimed; the claimed one becomes the current one.

        A legal hold keeps all of them.
        """
        if state is None or state.legal_hold or (state.claimed_by is None and not state.is_removed):
            return  # without a claim, the first upload is not claimed yet
        versions = self._store.versions(self._settings.originals_bucket, upload_prefix(request.image_id))
        yield from self._versions(versions if state.is_removed else _not_claimed(versions, state, request.upload))


def _newest_unpublished(request: DeletionRequest, state: FileState | None) -> int:
    """Return the revision of the execution whose files are deleted; 0 if the record does not have it."""
    if request.revision is not None:
        return request.revision
    if state is None or state.claimed_by is None or state.claimed_by != request.execution_arn:
        return 0
    return state.last_revision


def _not_claimed(versions: Sequence[StoredVersion], state: FileState, upload: Upload | None) -> Sequence[StoredVersion]:
    """Return the versions other than the claimed one.

    If the claimed version is unknown, only the upload whose event requested the deletion is returned. A record of an
    earlier release may lack the claimed ETag; an ETag alone could then match the claimed version, so the event must
    name its version.
    """
    claimed = [each for each in versions if state.claimed_version and each.version_id == state.claimed_version]
    # S3 lists the newest version first: of several with the same bytes, the last one listed was uploaded first.
    claimed = claimed or [each for each in versions if each.etag == state.claimed_etag][-1:]
    if claimed:
        return [each for each in versions if each not in claimed]
    if upload is None:
        return []
    named = [each for each in versions if upload.version and each.version_id == upload.version]
    if named or state.claimed_etag is None:
        return named
    return [each for each in versions if each.etag == upload.etag]
