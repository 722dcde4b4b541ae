"""Makes one variant from a stored file, and keeps it in the generated bucket while its image may be served.

Requests and prewarming both make variants here. Neither takes a lock: the last write wins. The CDN reads the bucket
without asking anyone, so a variant is stored only while the record still shows its revision, and deleted if the record
has changed. The record is read right before the write and right after it. A writer that dies between its write
and its second look leaves a variant behind only if the record changed within those milliseconds; the state machines
`remove` and `retire` delete that one when no writer can be under way any more.
"""

from dataclasses import replace
from typing import Final

from functions.serve.rendering import Rendered, render
from functions.serve.settings import ServeSettings
from functions.serve.sources import source_for
from functions.serve.timing import timed
from functions.shared.contracts import Picture, Status
from functions.shared.errors import ObjectMissingError, RecordMissingError, TransientDependencyError
from functions.shared.keys import CACHE_TAG, generated_key
from functions.shared.objects import ObjectStore, StoredObject
from functions.shared.records import ImageRecord, Records
from functions.shared.variant import Variant

SERVABLE: Final = frozenset({Status.PUBLISHED, Status.BLURRED})
REVISION: Final = "revision"
"""Name of the metadata of a generated object that tells which revision it was made from."""


class VariantMaker:
    """Makes and keeps variants. ``max_body_bytes`` is what a variant may weigh, None for any size."""

    def __init__(
        self, settings: ServeSettings, *, store: ObjectStore, records: Records, max_body_bytes: int | None
    ) -> None:
        self._settings = settings
        self._store = store
        self._records = records
        self._max_body_bytes = max_body_bytes

    def stored(self, record: ImageRecord, variant: Variant) -> StoredObject | None:
        """Return the kept variant of the record's revision, if there is one. Raises TransientDependencyError."""
        try:
            stored = self._store.get(self._settings.generated_bucket, _key(record, variant))
        except ObjectMissingError:
            return None
        return stored if stored.metadata.get(REVISION) == str(record.revision) else None

    def is_stored(self, record: ImageRecord, variant: Variant) -> bool:
        """Tell whether a variant of the record's revision is kept. Raises TransientDependencyError."""
        try:
            metadata = self._store.metadata(self._settings.generated_bucket, _key(record, variant))
        except ObjectMissingError:
            return False
        return metadata.get(REVISION) == str(record.revision)

    def made(self, picture: Picture, variant: Variant) -> Rendered | None:
        """Make the variant; None if the file to make it from is gone, as it is when the image has changed.

        Raises RefusedError (413) or TransientDependencyError.
        """
        timings: dict[str, float] = {}
        source = source_for(picture, variant)
        try:
            with timed(timings, "fetch"):
                body = self._store.get(self._settings.published_bucket, source.key).body
        except ObjectMissingError:
            return None
        rendered = render(body, variant, picture, max_bytes=self._max_body_bytes)
        return replace(rendered, timings_ms=timings | rendered.timings_ms)

    def keep(self, record: ImageRecord, variant: Variant, rendered: Rendered) -> bool:
        """Store a variant while its record shows its revision; False if it does not, or no longer does afterwards.

        Raises TransientDependencyError.
        """
        if not self.is_current(record):  # making it may have taken minutes
            return False
        key = _key(record, variant)
        try:
            self._store.put(
                self._settings.generated_bucket,
                key,
                rendered.body,
                content_type=rendered.content_type,
                cache_control=self._settings.cache_control,
                metadata={REVISION: str(record.revision), CACHE_TAG: record.image_id},
            )
            current = self.is_current(record)
        except TransientDependencyError:
            # It may be stored, and nobody knows whether it may be served: the edge would, without asking.
            self._store.delete(self._settings.generated_bucket, key)
            raise
        if not current:
            self._store.delete(self._settings.generated_bucket, key)
        return current

    def is_current(self, record: ImageRecord) -> bool:
        """Tell whether the image is still what the record says. Raises TransientDependencyError."""
        try:
            now = self._records.get(record.image_id, consistent=True)
        except RecordMissingError:
            return False
        return (now.status, now.revision) == (record.status, record.revision)


def _key(record: ImageRecord, variant: Variant) -> str:
    return generated_key(record.image_id, variant.canonical)
