"""BlurImage's settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader


@dataclass(frozen=True)
class BlurSettings:
    """The bucket that holds what has no verdict yet; the blurred picture goes there too."""

    staging_bucket: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the process's environment. Raises SettingsError."""
        reader = EnvironmentReader(environment)
        settings = cls(staging_bucket=reader.text("STAGING_BUCKET"))
        reader.finish()
        return settings
