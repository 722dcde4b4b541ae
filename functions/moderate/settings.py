"""ModerateImage's settings. The policy is a file of its own: policy.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader


@dataclass(frozen=True)
class ModerateSettings:
    """The bucket that holds the views."""

    staging_bucket: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the process's environment. Raises SettingsError."""
        reader = EnvironmentReader(environment)
        settings = cls(staging_bucket=reader.text("STAGING_BUCKET"))
        reader.finish()
        return settings
