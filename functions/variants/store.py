"""Generates variants from stored files and stores them in the generated bucket while the image may be served.

`serve` and `prewarm` use it. There are no locks: the last write wins. The CDN reads the bucket directly, so a variant
is stored only while the record has the variant's revision, and is deleted if the record has changed. The record is read
immediately before and after the write. A function that dies between the write and the second read can leave a variant
only if the record changed within those milliseconds; the state machines `remove` and `retire` delete such a variant
once no function can still be writing.
"""

from dataclasses import replace

from functions.records.record import ImageRecord, Records
from functions.shared.contracts import Picture
from functions.shared.errors import ObjectMissingError, RecordMissingError
from functions.shared.keys import CACHE_TAG, REVISION_METADATA, generated_key
from functions.shared.objects import ObjectStore, StoredObject
from functions.shared.variant import Variant
from functions.variants.errors import ImageChangedError
from functions.variants.refinement_plan import will_be_refined
from functions.variants.rendering import RenderedVariant, render
from functions.variants.settings import VariantSettings
from functions.variants.sources import source_for
from functions.variants.timings import measured


class VariantStore:
    """Generates, reads and writes variants. ``max_body_bytes`` is the largest size of a variant, None for any size."""

    def __init__(
        self, settings: VariantSettings, *, store: ObjectStore, records: Records, max_body_bytes: int | None
    ) -> None:
        self._settings = settings
        self._store = store
        self._records = records
        self._max_body_bytes = max_body_bytes

    def get(self, record: ImageRecord, variant: Variant) -> StoredObject | None:
        """Return the stored variant of the record's revision; None if there is none.

        Raises TransientDependencyError.
        """
        try:
            stored = self._store.get(self._settings.generated_bucket, _key(record, variant))
        except ObjectMissingError:
            return None
        return stored if stored.metadata.get(REVISION_METADATA) == str(record.revision) else None

    def contains(self, record: ImageRecord, variant: Variant) -> bool:
        """Tell whether a variant of the record's revision is stored. Raises TransientDependencyError."""
        try:
            metadata = self._store.metadata(self._settings.generated_bucket, _key(record, variant))
        except ObjectMissingError:
            return False
        return metadata.get(REVISION_METADATA) == str(record.revision)

    def render(self, picture: Picture, variant: Variant) -> RenderedVariant:
        """Generate the variant without storing it.

        Raises ImageChangedError if the source file does not exist any more, VariantTooLargeError or
        TransientDependencyError.
        """
        source = source_for(picture, variant)
        try:
            stored, fetch_ms = measured(lambda: self._store.get(self._settings.published_bucket, source.key))
        except ObjectMissingError as error:
            raise ImageChangedError(source.key) from error
        rendered = render(stored.body, variant, picture, max_bytes=self._max_body_bytes)
        return replace(rendered, timings_ms={"fetch": fetch_ms, **rendered.timings_ms})

    def put(self, record: ImageRecord, variant: Variant, rendered: RenderedVariant) -> None:
        """Store a variant of the record's revision.

        Raises ImageChangedError, with nothing stored, if the record has changed before or during the write; or
        TransientDependencyError.
        """
        self.check_current(record)  # rendering may have taken minutes
        key = _key(record, variant)
        try:
            self._store.put(
                self._settings.generated_bucket,
                key,
                rendered.body,
                content_type=rendered.content_type,
                cache_control=self.cache_control(record, variant),
                metadata={REVISION_METADATA: str(record.revision), CACHE_TAG: record.image_id},
            )
            self.check_current(record)
        except Exception:  # the variant may be stored, and it is not known that it may be served
            self._store.delete(self._settings.generated_bucket, key)
            raise

    def cache_control(self, record: ImageRecord, variant: Variant) -> str:
        """Return Cache-Control of a variant that was not refined."""
        settings = self._settings
        refined = will_be_refined(variant, record.picture, refine=settings.refine, sizes=settings.sizes)
        return settings.cache_control_until_refined if refined else settings.cache_control

    def check_current(self, record: ImageRecord) -> None:
        """Raise ImageChangedError if the image has another status or revision now; or TransientDependencyError."""
        try:
            now = self._records.get(record.image_id, consistent=True)
        except RecordMissingError as error:
            raise ImageChangedError(record.image_id) from error
        if (now.status, now.revision) != (record.status, record.revision):
            raise ImageChangedError(record.image_id)


def _key(record: ImageRecord, variant: Variant) -> str:
    return generated_key(record.image_id, variant.canonical)
