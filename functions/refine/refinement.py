"""Replaces a stored variant with a smaller file of the same quality.

A message names a file by its key and its ETag. It may arrive twice, late, or after the image was removed or published
again, so the file and the record decide. The refined file can replace only the file that the message names. It
therefore cannot restore a deleted variant or replace one of a newer revision: after a removal has deleted the first
file, S3 refuses the write. Like every writer of variants (variants/store.py), the refiner reads the record immediately
before and after the write. If the image changed, it deletes the refined file.

A file that cannot be made smaller is written again unchanged, with the mark, so that caches keep it as long as others.
"""

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from functions.imaging.refining import encode_refined, refined_jpeg
from functions.imaging.variants import decode_for
from functions.records.record import ImageRecord, Records
from functions.refine.settings import RefineSettings
from functions.shared.contracts import Picture
from functions.shared.errors import ObjectChangedError, ObjectMissingError, RecordMissingError
from functions.shared.keys import REFINED_METADATA, REVISION_METADATA, variant_of
from functions.shared.object_store import S3ObjectStore
from functions.shared.objects import StoredObject
from functions.shared.variant import NotCanonicalError, Variant, parse_canonical
from functions.variants.errors import ImageChangedError
from functions.variants.refinement_plan import is_planned, will_be_refined
from functions.variants.rendering import spec_of
from functions.variants.sources import source_for
from functions.variants.store import VariantStore


class Outcome(StrEnum):
    """The result for a variant; the metric's name is ``Variant`` followed by the value."""

    REFINED = "Refined"
    KEPT = "Kept"
    """The slower encoder's file is not smaller."""
    NOT_REFINED = "NotRefined"
    """Refinement is not planned, is already done, or the file is no longer that of a published image."""


@dataclass(frozen=True)
class Refinement:
    """The outcome for one file, and by how many bytes it is smaller."""

    outcome: Outcome
    saved_bytes: int = 0


class Refiner:
    """Refines variants, one at a time."""

    def __init__(self, settings: RefineSettings, *, store: S3ObjectStore, records: Records) -> None:
        self._settings = settings.variants
        self._store = store
        self._records = records
        self._variants = VariantStore(settings.variants, store=store, records=records, max_body_bytes=None)

    def refine(self, key: str, *, etag: str) -> Refinement:
        """Refine the file at this key with this ETag. Raises TransientDependencyError."""
        try:
            return self._refined(key, etag)
        except (ImageChangedError, ObjectChangedError, ObjectMissingError, RecordMissingError):
            return Refinement(Outcome.NOT_REFINED)

    def _refined(self, key: str, etag: str) -> Refinement:
        settings = self._settings
        image_id, canonical = variant_of(key)
        try:
            variant = parse_canonical(canonical, sizes=settings.sizes)
        except NotCanonicalError:
            return Refinement(Outcome.NOT_REFINED)
        if not is_planned(variant, refine=settings.refine, sizes=settings.sizes):
            return Refinement(Outcome.NOT_REFINED)
        first = self._store.get(settings.generated_bucket, key, etag=etag)
        if REFINED_METADATA in first.metadata:
            return Refinement(Outcome.NOT_REFINED)
        record = self._records.get(image_id, consistent=True)
        if not _is_current(first, record):
            return Refinement(Outcome.NOT_REFINED)
        picture = record.picture
        if picture is None or not will_be_refined(variant, picture, refine=settings.refine, sizes=settings.sizes):
            return Refinement(Outcome.NOT_REFINED)
        refined = self._encoded(first, variant, picture)
        smallest = min(first.body, refined, key=len)
        self._replace(record, key, first, smallest)
        saved_bytes = len(first.body) - len(smallest)
        return Refinement(Outcome.REFINED if saved_bytes else Outcome.KEPT, saved_bytes)

    def _encoded(self, first: StoredObject, variant: Variant, picture: Picture) -> bytes:
        """Return the file of a slower encoder, whatever its size."""
        spec = spec_of(variant, picture)
        if spec.format == "jpeg":
            return refined_jpeg(first.body)
        source = self._store.get(self._settings.published_bucket, source_for(picture, variant).key)
        return encode_refined(decode_for(spec, source.body).scaled(spec), spec.format, spec.quality)

    def _replace(self, record: ImageRecord, key: str, first: StoredObject, body: bytes) -> None:
        """Write a file over the first one.

        Raises ImageChangedError, ObjectMissingError or ObjectChangedError; the refined file is then not stored. After a
        TransientDependencyError either file may be stored, or neither if the image was removed.
        """
        bucket = self._settings.generated_bucket
        self._variants.check_current(record)  # encoding may have taken seconds
        replacing = self._store.put(
            bucket,
            key,
            body,
            content_type=first.content_type,
            cache_control=self._settings.cache_control,
            metadata={**first.metadata, REFINED_METADATA: "true"},
            etag=first.etag,
        )
        try:
            self._variants.check_current(record)
        except ImageChangedError:
            with suppress(ObjectChangedError):  # another writer replaced it, and checks the record itself
                self._store.delete(bucket, key, etag=replacing)
            raise


def _is_current(first: StoredObject, record: ImageRecord) -> bool:
    return record.status.is_servable and first.metadata.get(REVISION_METADATA) == str(record.revision)
