"""Settings of every function that generates variants: buckets, sizes, and how long caches keep a variant."""

import json
from dataclasses import dataclass
from typing import Self

from functions.shared.options import Delivery, Refine
from functions.shared.settings import EnvironmentReader, Settings
from functions.shared.variant import Presets, Sizes, preset_faults

YEAR_SECONDS = 31_536_000

UNREFINED_SECONDS = 600
"""How long the CDN keeps a file that will be refined. A refinement takes seconds; if it takes longer, the CDN asks once
more. A purge instead would cost as much as 59 MB of traffic (docs/adr/0037)."""


@dataclass(frozen=True)
class VariantSettings(Settings):
    """Buckets, table, sizes, presets, and which variants are refined later.

    ``shared_max_age_seconds`` is for the CDN, ``max_age_seconds`` for browsers.
    """

    published_bucket: str
    generated_bucket: str
    table_name: str
    sizes: Sizes
    presets: Presets
    shared_max_age_seconds: int
    max_age_seconds: int
    refine: Refine

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        sizes = reader.word("SIZES", Sizes, Sizes.LADDER)
        return cls(
            published_bucket=reader.text("PUBLISHED_BUCKET"),
            generated_bucket=reader.text("GENERATED_BUCKET"),
            table_name=reader.text("TABLE_NAME"),
            sizes=sizes,
            presets=_presets(reader, sizes),
            shared_max_age_seconds=reader.integer("S_MAXAGE_SECONDS", YEAR_SECONDS, minimum=0, maximum=YEAR_SECONDS),
            max_age_seconds=reader.integer("MAX_AGE_SECONDS", 3600, minimum=0, maximum=YEAR_SECONDS),
            refine=reader.word("REFINE", Refine, Refine.OFF),
        )

    @property
    def cache_control(self) -> str:
        """Cache-Control of a variant. Never immutable: browsers must notice a removal."""
        return self._cache_control(self.shared_max_age_seconds)

    @property
    def cache_control_until_refined(self) -> str:
        """Cache-Control of a variant that will be refined."""
        return self._cache_control(min(UNREFINED_SECONDS, self.shared_max_age_seconds))

    def _cache_control(self, shared_seconds: int) -> str:
        return f"public, max-age={self.max_age_seconds}, s-maxage={shared_seconds}"


def expect_stored_variants(reader: EnvironmentReader) -> None:
    """Record a fault if the stage's delivery does not read stored variants."""
    delivery = reader.word("DELIVERY", Delivery, Delivery.V2)
    reader.expect(delivery is Delivery.V2, "DELIVERY is v1, in which stored variants are not read; it must be v2")


def _presets(reader: EnvironmentReader, sizes: Sizes) -> Presets:
    """Read PRESETS, a JSON object; none if it is not set."""
    text = reader.text("PRESETS", "{}")
    try:
        presets = {name: dict(values) for name, values in json.loads(text).items()}
        faults = preset_faults(presets, sizes=sizes)
    except (AttributeError, TypeError, ValueError):
        presets, faults = {}, [f"PRESETS is {text!r}; it must be an object of objects of strings"]
    for fault in faults:
        reader.expect(holds=False, fault=fault)
    return presets
