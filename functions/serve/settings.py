"""Settings of serve and of prewarming: where pictures lie, how they are delivered, and how long caches keep them."""

from dataclasses import dataclass
from typing import Self

from functions.shared.options import Delivery
from functions.shared.settings import EnvironmentReader, Settings
from functions.shared.variant import FORMATS, LARGEST_SIDE_PX, Sizes

YEAR_SECONDS = 31_536_000


@dataclass(frozen=True)
class ServeSettings(Settings):
    """Buckets, table, delivery, sizes; ``shared_max_age_seconds`` is for the CDN, ``max_age_seconds`` for browsers."""

    published_bucket: str
    generated_bucket: str
    table_name: str
    delivery: Delivery
    sizes: Sizes
    shared_max_age_seconds: int
    max_age_seconds: int

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
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
class PrewarmSettings(Settings):
    """What serve's variants are made with, and the common ones: each width, in px, in each format."""

    serve: ServeSettings
    widths: tuple[int, ...]
    formats: tuple[str, ...]

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        serve = ServeSettings.read(reader)
        reader.expect(serve.delivery is Delivery.V2, "DELIVERY is v1, where nothing reads the generated bucket")
        return cls(
            serve=serve,
            widths=reader.integers("PREWARM_WIDTHS", minimum=1, maximum=LARGEST_SIDE_PX),
            formats=reader.words("PREWARM_FORMATS", FORMATS),
        )
