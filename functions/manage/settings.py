"""ManageImages' settings: where everything of an image lies, who is told, and the browsers' origins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader


@dataclass(frozen=True)
class ManageSettings:
    """The four buckets, the table of records, the bus for completion events, and allowed origins."""

    originals_bucket: str
    staging_bucket: str
    published_bucket: str
    generated_bucket: str
    table_name: str
    event_bus: str
    allowed_origins: tuple[str, ...]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the process's environment. Raises SettingsError with all faults."""
        reader = EnvironmentReader(environment)
        settings = cls(
            originals_bucket=reader.text("ORIGINALS_BUCKET"),
            staging_bucket=reader.text("STAGING_BUCKET"),
            published_bucket=reader.text("PUBLISHED_BUCKET"),
            generated_bucket=reader.text("GENERATED_BUCKET"),
            table_name=reader.text("TABLE_NAME"),
            event_bus=reader.text("EVENT_BUS_NAME"),
            allowed_origins=reader.words("ALLOWED_ORIGINS"),
        )
        reader.finish()
        return settings
