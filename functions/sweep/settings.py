"""The sweep function's settings."""

from dataclasses import dataclass
from typing import Final, Self

from functions.shared.settings import EnvironmentReader, Settings

FORGOTTEN_AFTER_SECONDS: Final = 600


@dataclass(frozen=True)
class SweepSettings(Settings):
    """The table, the originals bucket, the queue of uploads and the state machines.

    ``forgotten_after_seconds`` is the age at which an unclaimed upload counts as forgotten, the time an image is
    PROCESSING before its execution is checked, and the time after which a review that was due counts as overdue.
    Claiming, processing and a fallback usually take seconds.
    """

    table_name: str
    originals_bucket: str
    uploads_queue_url: str
    ingest_state_machine_arn: str
    settle_state_machine_arn: str
    review_state_machine_arn: str
    forgotten_after_seconds: int = FORGOTTEN_AFTER_SECONDS

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        return cls(
            table_name=reader.text("TABLE_NAME"),
            originals_bucket=reader.text("ORIGINALS_BUCKET"),
            uploads_queue_url=reader.text("UPLOADS_QUEUE_URL"),
            ingest_state_machine_arn=reader.text("INGEST_STATE_MACHINE_ARN"),
            settle_state_machine_arn=reader.text("SETTLE_STATE_MACHINE_ARN"),
            review_state_machine_arn=reader.text("REVIEW_STATE_MACHINE_ARN"),
            forgotten_after_seconds=reader.integer("FORGOTTEN_AFTER_SECONDS", FORGOTTEN_AFTER_SECONDS),
        )
