"""Generates variants of a published image: the common ones, and animations that are too large for a response.

An event may arrive twice, late, or after the image was removed. The record therefore decides; variants that are stored
are left alone, and those of an image that changed in the meantime are deleted.
"""

from functions.prewarm.settings import PrewarmSettings
from functions.records.record import ImageRecord, Records
from functions.shared.contracts import Picture
from functions.shared.errors import RecordMissingError, TransientDependencyError
from functions.shared.limits import MAX_BODY_BYTES
from functions.shared.objects import ObjectStore
from functions.shared.variant import Variant
from functions.variants.errors import ImageChangedError
from functions.variants.prewarm_plan import animation_variants, common_variants
from functions.variants.rendering import RenderedVariant, format_of
from functions.variants.store import VariantStore

ATTEMPTS = 2
"""How often an image that changes is tried; after that the queue delivers the message again."""


class Prewarming:
    """Prewarms images. ``max_response_bytes`` is the largest variant that serve can return."""

    def __init__(
        self,
        settings: PrewarmSettings,
        *,
        store: ObjectStore,
        records: Records,
        max_response_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._settings = settings
        self._records = records
        self._variants = VariantStore(settings.variants, store=store, records=records, max_body_bytes=None)
        self._max_response_bytes = max_response_bytes

    def prewarm(self, image_id: str) -> int:
        """Store an image's variants and return how many are new. Raises TransientDependencyError."""
        for _ in range(ATTEMPTS):
            try:
                record = self._records.get(image_id, consistent=True)
            except RecordMissingError:
                return 0
            if not record.status.is_servable or record.picture is None:
                return 0
            try:
                return self._common(record, record.picture) + self._large_animations(record, record.picture)
            except ImageChangedError:
                continue
        raise TransientDependencyError(f"{image_id} changed while its variants were generated; try again")

    def _common(self, record: ImageRecord, picture: Picture) -> int:
        settings = self._settings
        variants = common_variants(
            picture, widths=settings.widths, formats=settings.formats, sizes=settings.variants.sizes
        )
        equal: dict[tuple[int | None, str], list[Variant]] = {}
        for variant in variants:
            if not self._variants.contains(record, variant):
                equal.setdefault((variant.width, format_of(variant, picture)), []).append(variant)
        return sum(self._put(record, each, self._variants.render(picture, each[0])) for each in equal.values())

    def _large_animations(self, record: ImageRecord, picture: Picture) -> int:
        """Store the variants at the renditions' widths that are too large for a response."""
        stored = 0
        for widest_first in animation_variants(picture, sizes=self._settings.variants.sizes):
            for equal in widest_first:
                missing = [variant for variant in equal if not self._variants.contains(record, variant)]
                if not missing:
                    continue
                rendered = self._variants.render(picture, missing[0])
                if len(rendered.body) <= self._max_response_bytes:
                    break  # all narrower ones fit too
                stored += self._put(record, missing, rendered)
        return stored

    def _put(self, record: ImageRecord, variants: list[Variant], rendered: RenderedVariant) -> int:
        for variant in variants:
            self._variants.put(record, variant, rendered)
        return len(variants)
