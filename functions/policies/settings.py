"""Settings of policies."""

from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader, Settings


@dataclass(frozen=True)
class PoliciesSettings(Settings):
    """The table, and the origins that CORS allows."""

    table_name: str
    allowed_origins: tuple[str, ...]

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        return cls(table_name=reader.text("TABLE_NAME"), allowed_origins=reader.words("ALLOWED_ORIGINS"))
