"""ModerateImage's settings. The policy is a file of its own: policy.json."""

from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader, Settings


@dataclass(frozen=True)
class ModerateSettings(Settings):
    """The bucket that holds the views."""

    staging_bucket: str

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        return cls(staging_bucket=reader.text("STAGING_BUCKET"))
