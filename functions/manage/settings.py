"""Settings of manage."""

from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader, Settings


@dataclass(frozen=True)
class ManageSettings(Settings):
    """The table, the state machines `remove` and `retire`, two buckets, the queue of uploads, the event bus, and the
    origins that CORS allows."""

    table_name: str
    remove_state_machine_arn: str
    retire_state_machine_arn: str
    originals_bucket: str
    generated_bucket: str
    event_bus_name: str
    uploads_queue_url: str
    allowed_origins: tuple[str, ...]

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        return cls(
            table_name=reader.text("TABLE_NAME"),
            remove_state_machine_arn=reader.text("REMOVE_STATE_MACHINE_ARN"),
            retire_state_machine_arn=reader.text("RETIRE_STATE_MACHINE_ARN"),
            originals_bucket=reader.text("ORIGINALS_BUCKET"),
            generated_bucket=reader.text("GENERATED_BUCKET"),
            event_bus_name=reader.text("EVENT_BUS_NAME"),
            uploads_queue_url=reader.text("UPLOADS_QUEUE_URL"),
            allowed_origins=reader.words("ALLOWED_ORIGINS"),
        )
