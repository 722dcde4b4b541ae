"""The purge function's settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader


@dataclass(frozen=True)
class PurgeSettings:
    """The distribution whose caches are purged."""

    distribution_id: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the process's environment. Raises SettingsError."""
        reader = EnvironmentReader(environment)
        settings = cls(distribution_id=reader.text("DISTRIBUTION_ID"))
        reader.finish()
        return settings
