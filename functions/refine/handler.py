"""Refine: reads S3 events of stored variants and replaces the files with smaller ones of the same quality."""

import json
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from functions.records.reader import RecordReader
from functions.refine.refinement import Refiner
from functions.refine.settings import RefineSettings
from functions.shared.object_store import S3ObjectStore
from functions.shared.observability import logger, metrics

settings = RefineSettings.from_environment()  # a bad value fails the cold start
refiner = Refiner(settings, store=S3ObjectStore(), records=RecordReader(settings.variants.table_name))


@logger.inject_lambda_context(clear_state=True)  # no keys from the last variant
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001 - Lambda's signature
    """Refine the variant of each message; after an error the queue delivers the message again."""
    for message in event["Records"]:
        stored = json.loads(message["body"])["detail"]["object"]
        refinement = refiner.refine(stored["key"], etag=stored["etag"])
        metrics.add_metric(name=f"Variant{refinement.outcome}", unit=MetricUnit.Count, value=1)
        metrics.add_metric(name="RefinementSavedBytes", unit=MetricUnit.Bytes, value=refinement.saved_bytes)
        logger.info("refine", extra={"key": stored["key"], "outcome": refinement.outcome})
