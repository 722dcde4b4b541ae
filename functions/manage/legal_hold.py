"""Legal holds: the image cannot be removed, and S3 Object Lock keeps every version of its original (docs/adr/0042).

A hold is recorded before the versions are locked, so that no removal starts in between. It ends in the reverse order.
Both can be repeated after a failure.
"""

from dataclasses import dataclass

from functions.records.legal_hold import LegalHoldWriter
from functions.shared.errors import LegalHoldChangedError
from functions.shared.keys import upload_prefix
from functions.shared.object_store import S3ObjectStore


@dataclass(frozen=True)
class LegalHolds:
    """Sets and releases holds of images whose originals are in ``originals_bucket``."""

    records: LegalHoldWriter
    store: S3ObjectStore
    originals_bucket: str

    def set(self, image_id: str, reason: str) -> None:
        """Keep an image and all present versions of its original.

        Raises RecordMissingError, NotServedError (the image was removed), NotUploadedError or
        TransientDependencyError; repeat the call after the last one.
        """
        self.records.set(image_id, reason)
        self._lock(image_id, enabled=True)

    def release(self, image_id: str, reason: str) -> None:
        """End the hold of an image, if it has one.

        Raises RecordMissingError, NotServedError (the image was removed), LegalHoldChangedError (another call has set
        the hold at the same time; it stays set) or TransientDependencyError; repeat the call after the last one.
        """
        number = self.records.number(image_id)
        if number is None:
            return
        self._lock(image_id, enabled=False)
        try:
            self.records.release(image_id, reason, number=number)
        except LegalHoldChangedError:
            self._lock(image_id, enabled=True)
            raise

    def _lock(self, image_id: str, *, enabled: bool) -> None:
        for version in self.store.versions(self.originals_bucket, upload_prefix(image_id)):
            if not version.is_delete_marker:
                self.store.set_legal_hold(self.originals_bucket, version, enabled=enabled)
