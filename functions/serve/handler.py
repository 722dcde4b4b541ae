"""Serve: responds to API Gateway requests for images with the image or a problem document."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from functions.serve.aws.direct import DirectObjectStore, DirectRecordReader
from functions.serve.delivery import ImageDelivery
from functions.serve.settings import ServeSettings
from functions.shared.observability import logger, metrics

settings = ServeSettings.from_environment()  # a bad value fails the cold start
records = DirectRecordReader(settings.variants.table_name)
delivery = ImageDelivery(settings, store=DirectObjectStore(), records=records)


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Respond to one request; report the outcome and the duration of each phase."""
    response = delivery.respond(event)
    metrics.add_metric(name=response.metric, unit=MetricUnit.Count, value=1)
    for phase, duration_ms in response.timings_ms.items():
        metrics.add_metric(name=f"Variant{phase.capitalize()}Time", unit=MetricUnit.Milliseconds, value=duration_ms)
    logger.info("serve", extra={"image_id": response.image_id, "status": response.status, "outcome": response.metric})
    return response.proxy
