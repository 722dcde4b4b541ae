"""RemoveFiles: deletes the files that a state machine names, within a time limit, and reports whether that was all."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from functions.records.partition import Partition
from functions.remove.settings import RemoveSettings
from functions.remove.sweeping import Sweeper
from functions.shared.contracts import SweepRequest
from functions.shared.object_store import S3ObjectStore
from functions.shared.observability import logger, metrics

settings = RemoveSettings.from_environment()  # a bad value fails the cold start
sweeper = Sweeper(settings, store=S3ObjectStore(), partition=Partition(settings.table_name))


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Sweep the places of the state's input."""
    request = SweepRequest.from_state(event)
    logger.append_keys(image_id=request.image_id)
    swept = sweeper.sweep(request)
    metrics.add_metric(name="ItemsDeleted", unit=MetricUnit.Count, value=swept.deleted)
    logger.info("remove", extra={"sweep": request.sweep, "done": swept.done, "deleted": swept.deleted})
    return swept.to_state()
