"""Settings of persist."""

from dataclasses import dataclass

from functions.shared.settings import PlainSettings


@dataclass(frozen=True)
class PersistSettings(PlainSettings):
    """Three buckets, the table of records, the bus for completion events, and the state machine `retire`."""

    staging_bucket: str
    published_bucket: str
    generated_bucket: str
    table_name: str
    event_bus_name: str
    retire_state_machine_arn: str
