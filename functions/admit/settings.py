"""Settings of admit."""

from dataclasses import dataclass

from functions.shared.settings import PlainSettings


@dataclass(frozen=True)
class AdmitSettings(PlainSettings):
    """The table of records, and the state machine `ingest`."""

    table_name: str
    ingest_state_machine_arn: str
