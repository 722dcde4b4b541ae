"""RemoveFiles: deletes the files that a state machine names, within a time limit, and reports whether that was all."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from functions.records.partition import Partition
from functions.remove.deletion import Deleter
from functions.remove.settings import RemoveSettings
from functions.shared.contracts import DeletionRequest
from functions.shared.object_store import S3ObjectStore
from functions.shared.observability import logger, metrics

settings = RemoveSettings.from_environment()  # a bad value fails the cold start
deleter = Deleter(settings, store=S3ObjectStore(), partition=Partition(settings.table_name))


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Delete what the state's input names."""
    request = DeletionRequest.from_state(event)
    logger.append_keys(image_id=request.image_id)
    result = deleter.delete(request)
    metrics.add_metric(name="ItemsDeleted", unit=MetricUnit.Count, value=result.deleted)
    logger.info("remove", extra={"sweep": request.sweep, "done": result.done, "deleted": result.deleted})
    return result.to_state()
