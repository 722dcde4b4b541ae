"""Purge: completion events in, from a queue; the edge's caches forget those images.

A message that cannot be dealt with now goes back to the queue alone; the queue is what waits, not this function.
"""

from typing import Any

from functions.purge.invalidation import purge_images
from functions.purge.settings import PurgeSettings
from functions.shared.observability import logger, metrics

settings = PurgeSettings.from_environment()  # a bad value fails the cold start


@logger.inject_lambda_context(clear_state=True)  # no keys from the last batch
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Purge every image that the batch names; return the messages that must come again."""
    purge = purge_images(event["Records"], distribution_id=settings.distribution_id)
    metrics.add_metric(name="ImagesPurged", unit="Count", value=len(purge.image_ids))
    logger.info("purge", extra={"image_ids": purge.image_ids, "again": len(purge.again)})
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in purge.again]}
