"""Deletes files and history of one image: what the request names, in its order, until it is all gone or time is up.

Every sweep lists what is there and deletes that, so it may be repeated at any point and may run twice at once. The
record is read first, consistently, and decides: a place is emptied only for a removed image, and the revision that a
record shows never loses its files.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final

from functions.remove.partition import Partition, Standing
from functions.remove.settings import RemoveSettings
from functions.shared.contracts import REMOVAL, Sweep, SweepRequest, Swept, Upload
from functions.shared.errors import ObjectChangedError, ObjectMissingError, RecordConflictError
from functions.shared.keys import generated_prefix, image_prefix, revision_of, upload_prefix
from functions.shared.object_store import DELETE_BATCH, S3ObjectStore
from functions.shared.objects import StoredVersion

BUDGET_SECONDS: Final = 30.0
"""Seconds after which a call stops at the end of a batch; the function has twice that (cdk/config.py)."""
PARALLEL_LOOKS: Final = 16
"""Variants whose metadata is read side by side; S3 answers each in tens of milliseconds."""
REVISION: Final = "revision"
"""Metadata of a generated variant; functions/serve/making.py writes it, and a test compares both."""


@dataclass(frozen=True)
class Batch:
    """A step of a sweep: items deleted, and the last key looked at where the next step cannot start over."""

    deleted: int
    after: str = ""

    @property
    def is_progress(self) -> bool:
        """Tell whether the next call has less to do: only then may this one stop."""
        return bool(self.deleted or self.after)


class Sweeper:
    """Sweeps images. ``clock`` returns seconds."""

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

    def sweep(self, request: SweepRequest) -> Swept:
        """Delete what the request names.

        Raises RecordConflictError, having deleted nothing, when a place is to be emptied and the image is not removed;
        or TransientDependencyError.
        """
        deadline = self._clock() + self._budget_seconds
        standing = self._partition.standing(request.image_id)
        if set(request.sweep) & set(REMOVAL) and (standing is None or not standing.is_removed):
            raise RecordConflictError(f"{request.image_id} is not removed: its files stay")
        deleted, noted = 0, None
        for sweep in request.sweep:
            for batch in self._batches(sweep, request, standing):
                if batch.deleted and sweep in REMOVAL and sweep is not noted:
                    self._partition.note_step(request.image_id, sweep.upper())
                    noted = sweep
                deleted += batch.deleted
                if batch.is_progress and self._clock() >= deadline:
                    return Swept(done=False, deleted=deleted, after=batch.after)
        if request.then is not None:
            self._partition.note_step(request.image_id, request.then)
        return Swept(done=True, deleted=deleted)

    def _batches(self, sweep: Sweep, request: SweepRequest, standing: Standing | None) -> Iterator[Batch]:
        settings, image_id = self._settings, request.image_id
        match sweep:
            case Sweep.GENERATED:
                yield from self._everything(settings.generated_bucket, generated_prefix(image_id))
            case Sweep.PUBLISHED:
                yield from self._everything(settings.published_bucket, image_prefix(image_id))
            case Sweep.STAGING:
                yield from self._everything(settings.staging_bucket, image_prefix(image_id))
            case Sweep.ORIGINALS:
                yield from self._versions(self._store.versions(settings.originals_bucket, upload_prefix(image_id)))
            case Sweep.RECORD:
                yield from (Batch(changed) for changed in self._partition.scrub(image_id))
            case Sweep.REVISIONS:
                yield from self._given_up(request, standing)
            case Sweep.SUPERSEDED:
                yield from self._superseded(request, standing)
            case Sweep.UPLOADS:
                yield from self._later_uploads(request, standing)

    def _everything(self, bucket: str, prefix: str) -> Iterator[Batch]:
        while keys := self._store.first_keys(bucket, prefix):
            self._store.delete_all(bucket, keys)
            yield Batch(len(keys))

    def _versions(self, versions: Sequence[StoredVersion]) -> Iterator[Batch]:
        for start in range(0, len(versions), DELETE_BATCH):
            batch = versions[start : start + DELETE_BATCH]
            self._store.delete_versions(self._settings.originals_bucket, batch)
            yield Batch(len(batch))

    def _given_up(self, request: SweepRequest, standing: Standing | None) -> Iterator[Batch]:
        """Delete what a run wrote that failed or lost its image, and what runs before it left."""
        settings, image_id = self._settings, request.image_id
        if standing is not None and standing.is_removed:
            yield from self._everything(settings.published_bucket, image_prefix(image_id))
            yield from self._everything(settings.staging_bucket, image_prefix(image_id))
            return
        newest = _newest_given_up(request, standing)
        shown = 0 if standing is None else standing.revision
        yield self._revisions(settings.published_bucket, image_id, lambda each: each <= newest and each != shown)
        yield self._revisions(settings.staging_bucket, image_id, lambda each: each <= newest)
        if standing is not None and standing.is_given_up:  # the edge reads the variants without asking anyone
            yield from self._everything(settings.generated_bucket, generated_prefix(image_id))

    def _superseded(self, request: SweepRequest, standing: Standing | None) -> Iterator[Batch]:
        """Delete what is older than the revision that the record shows; of an image not served, every variant."""
        settings, image_id = self._settings, request.image_id
        if standing is None:
            return
        if standing.is_removed:
            for bucket in (settings.published_bucket, settings.staging_bucket):
                yield from self._everything(bucket, image_prefix(image_id))
        else:
            shown = standing.revision
            yield self._revisions(settings.published_bucket, image_id, lambda each: each < shown)
            yield self._revisions(settings.staging_bucket, image_id, lambda each: each <= shown)
        if not standing.is_served:
            yield from self._everything(settings.generated_bucket, generated_prefix(image_id))
            return
        yield from self._stale_variants(image_id, standing.revision, after=request.after)

    def _stale_variants(self, image_id: str, revision: int, *, after: str) -> Iterator[Batch]:
        """Delete the variants of other revisions. The key does not name the revision; the metadata does."""
        bucket, prefix = self._settings.generated_bucket, generated_prefix(image_id)
        with ThreadPoolExecutor(PARALLEL_LOOKS) as pool:
            while keys := self._store.first_keys(bucket, prefix, after=after):
                after = keys[-1]
                yield Batch(sum(pool.map(lambda key: self._deletes_stale(key, str(revision)), keys)), after)

    def _deletes_stale(self, key: str, revision: str) -> bool:
        """Delete a variant of another revision; a newer one that takes its place at this moment stays."""
        bucket = self._settings.generated_bucket
        with suppress(ObjectMissingError, ObjectChangedError):
            etag, metadata = self._store.described(bucket, key)
            if metadata.get(REVISION) != revision:
                self._store.delete(bucket, key, etag=etag)
                return True
        return False

    def _revisions(self, bucket: str, image_id: str, goes: Callable[[int], bool]) -> Batch:
        keys = [key for key in self._store.keys(bucket, image_prefix(image_id)) if goes(revision_of(key))]
        self._store.delete_all(bucket, keys)
        return Batch(len(keys))

    def _later_uploads(self, request: SweepRequest, standing: Standing | None) -> Iterator[Batch]:
        """Delete the versions of the original that were not claimed, so that the claimed one is the current one."""
        if standing is None or (standing.claimed_by is None and not standing.is_removed):
            return  # the first upload is still to be claimed
        versions = self._store.versions(self._settings.originals_bucket, upload_prefix(request.image_id))
        yield from self._versions(versions if standing.is_removed else _not_claimed(versions, standing, request.upload))


def _newest_given_up(request: SweepRequest, standing: Standing | None) -> int:
    """Return the revision of the run whose files are deleted; 0 where the record does not tell."""
    if request.revision is not None:
        return request.revision
    if standing is None or standing.claimed_by is None or standing.claimed_by != request.execution_arn:
        return 0
    return standing.last_revision


def _not_claimed(
    versions: Sequence[StoredVersion], standing: Standing, upload: Upload | None
) -> Sequence[StoredVersion]:
    """Return the versions other than the claimed one.

    Where the claimed version cannot be told, only the upload whose event asks goes. A record of an earlier release may
    not name the claimed ETag; then an ETag alone could hit the claimed version, and the event has to name its version.
    """
    claimed = [each for each in versions if standing.claimed_version and each.version_id == standing.claimed_version]
    # S3 lists the newest version first: of several with the same bytes, the last one was uploaded first.
    claimed = claimed or [each for each in versions if each.etag == standing.claimed_etag][-1:]
    if claimed:
        return [each for each in versions if each not in claimed]
    if upload is None:
        return []
    named = [each for each in versions if upload.version and each.version_id == upload.version]
    if named or standing.claimed_etag is None:
        return named
    return [each for each in versions if each.etag == upload.etag]
