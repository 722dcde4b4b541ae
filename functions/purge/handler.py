"""Purge: invalidates the images of completion events, which arrive through a queue, in the edge's caches.

Messages that cannot be processed now return to the queue; this function does not wait.
"""

from typing import Any

from functions.purge.invalidation import purge_images
from functions.purge.settings import PurgeSettings
from functions.shared.observability import logger, metrics

settings = PurgeSettings.from_environment()  # a bad value fails the cold start


@logger.inject_lambda_context(clear_state=True)  # no keys from the last batch
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Purge the images of a batch; return the messages that the queue must deliver again."""
    purge = purge_images(event["Records"], distribution_id=settings.distribution_id)
    metrics.add_metric(name="ImagesPurged", unit="Count", value=len(purge.image_ids))
    logger.info("purge", extra={"image_ids": purge.image_ids, "again": len(purge.again)})
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in purge.again]}
