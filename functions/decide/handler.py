"""DecideVerdicts: applies changes of verdicts, for the state machines that review and re-judge images.

An error ends the call, and the state machine repeats it. Changes that were made before the error are not made again.
"""

from typing import Any

from functions.decide.settings import DecideSettings
from functions.records.changes import ChangeWriter
from functions.records.reader import RecordReader
from functions.shared.events import EventPublisher
from functions.shared.executions import Executions
from functions.shared.object_store import S3ObjectStore
from functions.shared.observability import logger, metrics
from functions.shared.uploads_queue import UploadsQueue
from functions.verdicts.changes import VerdictChanges
from functions.verdicts.requests import DecideRequest, decide

settings = DecideSettings.from_environment()  # a bad value fails the cold start
changes = VerdictChanges(
    reader=RecordReader(settings.table_name),
    writer=ChangeWriter(settings.table_name),
    store=S3ObjectStore(),
    events=EventPublisher(settings.event_bus_name),
    queue=UploadsQueue(settings.uploads_queue_url),
    executions=Executions,
    retire_state_machine_arn=settings.retire_state_machine_arn,
    generated_bucket=settings.generated_bucket,
    originals_bucket=settings.originals_bucket,
)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Apply the changes of the state's input."""
    decided = decide(DecideRequest.from_state(event), changes)
    for outcome, count in decided.counts.items():
        metrics.add_metric(name=f"Change{outcome.capitalize()}", unit="Count", value=count)
    logger.info("decide", extra={"outcomes": decided.counts})
    return decided.to_state()
