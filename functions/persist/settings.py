"""PersistImage's settings: where pictures come from and go to, and who is told."""

from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader, Settings


@dataclass(frozen=True)
class PersistSettings(Settings):
    """Three buckets, the table of records and the bus for completion events."""

    staging_bucket: str
    published_bucket: str
    generated_bucket: str
    table: str
    event_bus: str

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        return cls(
            staging_bucket=reader.text("STAGING_BUCKET"),
            published_bucket=reader.text("PUBLISHED_BUCKET"),
            generated_bucket=reader.text("GENERATED_BUCKET"),
            table=reader.text("TABLE_NAME"),
            event_bus=reader.text("EVENT_BUS_NAME"),
        )
