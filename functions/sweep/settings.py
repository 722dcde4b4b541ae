"""Settings of sweep."""

from dataclasses import dataclass

from functions.shared.settings import PlainSettings


@dataclass(frozen=True)
class SweepSettings(PlainSettings):
    """The table, the originals bucket, the queue of uploads and the state machines.

    ``forgotten_after_seconds`` is the age at which an unclaimed upload counts as forgotten, the time an image is
    PROCESSING before its execution is checked, the time after which an event that was not sent and a pending decision
    count as forgotten, and a review that was due as overdue. Each of these usually takes seconds.
    """

    table_name: str
    originals_bucket: str
    uploads_queue_url: str
    ingest_state_machine_arn: str
    settle_state_machine_arn: str
    review_state_machine_arn: str
    forgotten_after_seconds: int = 600
