"""The admit function's settings."""

from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader, Settings


@dataclass(frozen=True)
class AdmitSettings(Settings):
    """The table of records, and the state machine `ingest`."""

    table_name: str
    ingest_state_machine_arn: str

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        return cls(
            table_name=reader.text("TABLE_NAME"),
            ingest_state_machine_arn=reader.text("INGEST_STATE_MACHINE_ARN"),
        )
