"""Settings of policies."""

from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader, Settings


@dataclass(frozen=True)
class PoliciesSettings(Settings):
    """The table, the bucket of reports, the state machine `rejudge`, and the origins that CORS allows."""

    table_name: str
    reports_bucket: str
    rejudge_state_machine_arn: str
    allowed_origins: tuple[str, ...]

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        return cls(
            table_name=reader.text("TABLE_NAME"),
            reports_bucket=reader.text("REPORTS_BUCKET"),
            rejudge_state_machine_arn=reader.text("REJUDGE_STATE_MACHINE_ARN"),
            allowed_origins=reader.words("ALLOWED_ORIGINS"),
        )
