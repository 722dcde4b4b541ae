"""PersistImage: publishes a moderated image and records its status."""

from typing import Any

from functions.persist.publication import Publisher
from functions.persist.settings import PersistSettings
from functions.records.reader import RecordReader
from functions.records.verdicts import VerdictWriter
from functions.shared.contracts import PersistRequest
from functions.shared.events import EventPublisher
from functions.shared.executions import Executions
from functions.shared.object_store import S3ObjectStore
from functions.shared.observability import logger, metrics
from functions.shared.retirement import Retirement

settings = PersistSettings.from_environment()  # a bad value fails the cold start
publisher = Publisher(
    store=S3ObjectStore(),
    records=RecordReader(settings.table_name),
    verdicts=VerdictWriter(settings.table_name),
    events=EventPublisher(settings.event_bus_name),
    retirement=Retirement(Executions(), settings.retire_state_machine_arn),
    settings=settings,
)


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Apply the verdict of the state's input."""
    request = PersistRequest.from_state(event)
    logger.append_keys(image_id=request.image_id, revision=request.revision)
    outcome = publisher.persist(request)
    state = outcome.to_state()
    ending = state.get("status", state["outcome"]).title().replace("_", "")
    metrics.add_metric(name=f"Image{ending}", unit="Count", value=1)
    logger.info("persist", extra={"outcome": state["outcome"], "status": state.get("status")})
    return state
