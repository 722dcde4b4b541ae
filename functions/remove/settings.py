"""RemoveFiles' settings: the buckets and the table that it deletes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader


@dataclass(frozen=True)
class RemoveSettings:
    """The four buckets and the table of records."""

    originals_bucket: str
    staging_bucket: str
    published_bucket: str
    generated_bucket: str
    table: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the process's environment. Raises SettingsError with all faults."""
        reader = EnvironmentReader(environment)
        settings = cls(
            originals_bucket=reader.text("ORIGINALS_BUCKET"),
            staging_bucket=reader.text("STAGING_BUCKET"),
            published_bucket=reader.text("PUBLISHED_BUCKET"),
            generated_bucket=reader.text("GENERATED_BUCKET"),
            table=reader.text("TABLE_NAME"),
        )
        reader.finish()
        return settings
