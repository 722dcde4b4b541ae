"""Prewarm: generates common variants and large animations of images whose completion events are in the queue."""

import json
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from functions.prewarm.prewarming import Prewarming
from functions.prewarm.settings import PrewarmSettings
from functions.records.reader import RecordReader
from functions.shared.object_store import S3ObjectStore
from functions.shared.observability import logger, metrics

settings = PrewarmSettings.from_environment()  # a bad value fails the cold start
prewarming = Prewarming(settings, store=S3ObjectStore(), records=RecordReader(settings.variants.table_name))


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001 - Lambda's signature
    """Prewarm the image of each message; after an error the queue delivers the message again."""
    for message in event["Records"]:
        image_id = json.loads(message["body"])["detail"]["image_id"]
        logger.append_keys(image_id=image_id)
        stored = prewarming.prewarm(image_id)
        metrics.add_metric(name="VariantsPrewarmed", unit=MetricUnit.Count, value=stored)
        logger.info("prewarm", extra={"variants": stored})
