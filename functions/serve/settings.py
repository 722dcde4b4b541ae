"""Settings of serve and of prewarming: where pictures lie, how they are delivered, and how long caches keep them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from functions.shared.settings import EnvironmentReader
from functions.shared.variant import FORMATS, LARGEST_SIDE_PX, Sizes

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
        settings = cls.read(reader)
        reader.finish()
        return settings

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read with a reader that collects faults."""
        return cls(
            published_bucket=reader.text("PUBLISHED_BUCKET"),
            generated_bucket=reader.text("GENERATED_BUCKET"),
            table_name=reader.text("TABLE_NAME"),
            delivery=reader.word("DELIVERY", Delivery, Delivery.V2),
            sizes=reader.word("SIZES", Sizes, Sizes.LADDER),
            shared_max_age_seconds=reader.integer("S_MAXAGE_SECONDS", YEAR_SECONDS, minimum=0, maximum=YEAR_SECONDS),
            max_age_seconds=reader.integer("MAX_AGE_SECONDS", 3600, minimum=0, maximum=YEAR_SECONDS),
        )

    @property
    def cache_control(self) -> str:
        """Cache-Control of a picture. Never immutable: a takedown must reach browsers."""
        return f"public, max-age={self.max_age_seconds}, s-maxage={self.shared_max_age_seconds}"


@dataclass(frozen=True)
class PrewarmSettings:
    """What serve's variants are made with, and the common ones: each width, in px, in each format."""

    serve: ServeSettings
    widths: tuple[int, ...]
    formats: tuple[str, ...]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the process's environment. Raises SettingsError with all faults."""
        reader = EnvironmentReader(environment)
        serve = ServeSettings.read(reader)
        reader.expect(serve.delivery is Delivery.V2, "DELIVERY is v1, where nothing reads the generated bucket")
        widths, formats = reader.words("PREWARM_WIDTHS"), reader.words("PREWARM_FORMATS")
        reader.expect(
            all(width.isascii() and width.isdigit() and 1 <= int(width) <= LARGEST_SIDE_PX for width in widths),
            f"PREWARM_WIDTHS is {','.join(widths)!r}; it must be widths from 1 to {LARGEST_SIDE_PX} px",
        )
        reader.expect(
            set(formats) <= set(FORMATS),
            f"PREWARM_FORMATS is {','.join(formats)!r}; it must be some of {', '.join(FORMATS)}",
        )
        reader.finish()
        return cls(serve=serve, widths=tuple(map(int, widths)), formats=formats)
