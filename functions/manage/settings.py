"""Settings of manage."""

from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader, Settings


@dataclass(frozen=True)
class ManageSettings(Settings):
    """The table of records, the state machine `remove`, and the origins that CORS allows."""

    table_name: str
    remove_state_machine_arn: str
    allowed_origins: tuple[str, ...]

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        return cls(
            table_name=reader.text("TABLE_NAME"),
            remove_state_machine_arn=reader.text("REMOVE_STATE_MACHINE_ARN"),
            allowed_origins=reader.words("ALLOWED_ORIGINS"),
        )
