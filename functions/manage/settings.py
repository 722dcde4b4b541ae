"""Settings of manage."""

from dataclasses import dataclass

from functions.shared.settings import PlainSettings


@dataclass(frozen=True)
class ManageSettings(PlainSettings):
    """The table, the state machines `remove` and `retire`, two buckets, the queue of uploads, the event bus, and CORS's
    origins."""

    table_name: str
    remove_state_machine_arn: str
    retire_state_machine_arn: str
    originals_bucket: str
    generated_bucket: str
    event_bus_name: str
    uploads_queue_url: str
    allowed_origins: tuple[str, ...]
