"""Settings of the functions that change verdicts."""

from dataclasses import dataclass

from functions.shared.settings import PlainSettings


@dataclass(frozen=True)
class VerdictSettings(PlainSettings):
    """The table, two buckets, the event bus, the queue of uploads, and the state machine `retire`."""

    table_name: str
    originals_bucket: str
    generated_bucket: str
    event_bus_name: str
    uploads_queue_url: str
    retire_state_machine_arn: str
