"""PersistImage's settings: where pictures come from and go to, and who is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader


@dataclass(frozen=True)
class PersistSettings:
    """Three buckets, the table of records and the bus for completion events."""

    staging_bucket: str
    published_bucket: str
    generated_bucket: str
    table: str
    event_bus: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the process's environment. Raises SettingsError with all faults."""
        reader = EnvironmentReader(environment)
        settings = cls(
            staging_bucket=reader.text("STAGING_BUCKET"),
            published_bucket=reader.text("PUBLISHED_BUCKET"),
            generated_bucket=reader.text("GENERATED_BUCKET"),
            table=reader.text("TABLE_NAME"),
            event_bus=reader.text("EVENT_BUS_NAME"),
        )
        reader.finish()
        return settings
