"""The purge function's settings."""

from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader, Settings


@dataclass(frozen=True)
class PurgeSettings(Settings):
    """The distribution whose caches are purged."""

    distribution_id: str

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        return cls(distribution_id=reader.text("DISTRIBUTION_ID"))
