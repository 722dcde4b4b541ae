"""Serve's settings: where pictures lie, how they are delivered, and how long caches may keep them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from functions.shared.settings import EnvironmentReader
from functions.shared.variant import Sizes

YEAR_SECONDS = 31_536_000


class Delivery(StrEnum):
    """v1: every request is computed from a rendition. v2: what was made once is kept in the generated bucket."""

    V1 = "v1"
    V2 = "v2"


@dataclass(frozen=True)
class ServeSettings:
    """Buckets, table, delivery, sizes; ``shared_max_age_seconds`` is for the CDN, ``max_age_seconds`` for browsers."""

    published_bucket: str
    generated_bucket: str
    table_name: str
    delivery: Delivery
    sizes: Sizes
    shared_max_age_seconds: int
    max_age_seconds: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the process's environment. Raises SettingsError with all faults."""
        reader = EnvironmentReader(environment)
        settings = cls(
            published_bucket=reader.text("PUBLISHED_BUCKET"),
            generated_bucket=reader.text("GENERATED_BUCKET"),
            table_name=reader.text("TABLE_NAME"),
            delivery=reader.word("DELIVERY", Delivery, Delivery.V2),
            sizes=reader.word("SIZES", Sizes, Sizes.LADDER),
            shared_max_age_seconds=reader.integer("S_MAXAGE_SECONDS", YEAR_SECONDS, minimum=0, maximum=YEAR_SECONDS),
            max_age_seconds=reader.integer("MAX_AGE_SECONDS", 3600, minimum=0, maximum=YEAR_SECONDS),
        )
        reader.finish()
        return settings

    @property
    def cache_control(self) -> str:
        """Cache-Control of a picture. Never immutable: a takedown must reach browsers."""
        return f"public, max-age={self.max_age_seconds}, s-maxage={self.shared_max_age_seconds}"
