"""Makes variants of a published picture before anybody asks: the common ones, and animations too large to answer with.

Event and picture may come apart: the event may come twice, late, or after the image was taken down. So the record
decides, what is there already is left alone, and what was made of a picture that changed meanwhile is taken back.
"""

from dataclasses import dataclass

from functions.serve.foreseen import animation_variants, common_variants
from functions.serve.making import SERVABLE, VariantMaker
from functions.serve.rendering import Rendered, format_of
from functions.serve.settings import PrewarmSettings
from functions.shared.contracts import Picture
from functions.shared.errors import RecordMissingError, TransientDependencyError
from functions.shared.limits import MAX_BODY_BYTES
from functions.shared.objects import ObjectStore
from functions.shared.records import ImageRecord, Records
from functions.shared.variant import Variant

ATTEMPTS = 2
"""An image that changes while its variants are made is looked at once more; after that the event comes again."""


class ChangedError(Exception):
    """The image is no longer what its record said when it was read."""


@dataclass(frozen=True)
class Prewarming:
    """Prewarms images. ``answerable_bytes`` is what serve can answer with by itself."""

    settings: PrewarmSettings
    maker: VariantMaker
    records: Records
    answerable_bytes: int = MAX_BODY_BYTES

    @classmethod
    def of(cls, settings: PrewarmSettings, *, store: ObjectStore, records: Records) -> "Prewarming":
        """Return one that makes variants of any size."""
        maker = VariantMaker(settings.serve, store=store, records=records, max_body_bytes=None)
        return cls(settings, maker, records)

    def prewarm(self, image_id: str) -> int:
        """Make an image's variants and return how many are new. Raises TransientDependencyError."""
        for _ in range(ATTEMPTS):
            try:
                record = self.records.get(image_id, consistent=True)
            except RecordMissingError:
                return 0
            if record.status not in SERVABLE or record.picture is None:
                return 0
            try:
                return self._common(record, record.picture) + self._large_animations(record, record.picture)
            except ChangedError:
                continue
        raise TransientDependencyError(f"{image_id} changes faster than its variants are made")

    def _common(self, record: ImageRecord, picture: Picture) -> int:
        variants = common_variants(
            picture, widths=self.settings.widths, formats=self.settings.formats, sizes=self.settings.serve.sizes
        )
        same: dict[tuple[int | None, str], list[Variant]] = {}
        for variant in variants:
            if not self.maker.is_stored(record, variant):
                same.setdefault((variant.width, format_of(variant, picture)), []).append(variant)
        return sum(self._keep(record, equal, self._made(picture, equal[0])) for equal in same.values())

    def _large_animations(self, record: ImageRecord, picture: Picture) -> int:
        """Keep the variants at the renditions' widths that serve could not answer with."""
        kept = 0
        for widest_first in animation_variants(picture, sizes=self.settings.serve.sizes):
            for equal in widest_first:
                missing = [variant for variant in equal if not self.maker.is_stored(record, variant)]
                if not missing:
                    continue
                rendered = self._made(picture, missing[0])
                if len(rendered.body) <= self.answerable_bytes:
                    break  # and so are all narrower ones
                kept += self._keep(record, missing, rendered)
        return kept

    def _made(self, picture: Picture, variant: Variant) -> Rendered:
        rendered = self.maker.made(picture, variant)
        if rendered is None:
            raise ChangedError
        return rendered

    def _keep(self, record: ImageRecord, variants: list[Variant], rendered: Rendered) -> int:
        for variant in variants:
            if not self.maker.keep(record, variant, rendered):
                raise ChangedError
        return len(variants)
