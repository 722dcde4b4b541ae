"""Prewarm: completion events in, from a queue; common variants and large animations lie in the generated bucket then.

A second entry point of serve's package, so that the pictures are made by the very code that answers requests.
"""

import json
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from functions.serve.prewarming import Prewarming
from functions.serve.settings import PrewarmSettings
from functions.shared.object_store import S3ObjectStore
from functions.shared.observability import logger, metrics
from functions.shared.records import RecordReader

settings = PrewarmSettings.from_environment()  # a bad value fails the cold start
prewarming = Prewarming.of(settings, store=S3ObjectStore(), records=RecordReader(settings.serve.table_name))


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001 - Lambda's signature
    """Prewarm the image of each message; what raises goes back to the queue."""
    for message in event["Records"]:
        image_id = json.loads(message["body"])["detail"]["image_id"]
        logger.append_keys(image_id=image_id)
        kept = prewarming.prewarm(image_id)
        metrics.add_metric(name="VariantsPrewarmed", unit=MetricUnit.Count, value=kept)
        logger.info("prewarm", extra={"variants": kept})
