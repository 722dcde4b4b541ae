"""Serve: an API Gateway request for an image in, the image or a problem document out."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from functions.serve.delivery import ImageDelivery
from functions.serve.direct import DirectObjectStore, DirectRecordReader
from functions.serve.settings import ServeSettings
from functions.shared.observability import logger, metrics

settings = ServeSettings.from_environment()  # a bad value fails the cold start
delivery = ImageDelivery(settings, store=DirectObjectStore(), records=DirectRecordReader(settings.table_name))


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer one request, and report what came of it and how long each phase took."""
    answer = delivery.answer(event)
    metrics.add_metric(name=answer.metric, unit=MetricUnit.Count, value=1)
    for phase, duration_ms in answer.timings_ms.items():
        metrics.add_metric(name=f"Variant{phase.capitalize()}Time", unit=MetricUnit.Milliseconds, value=duration_ms)
    logger.info("serve", extra={"image_id": answer.image_id, "status": answer.status, "outcome": answer.metric})
    return answer.response
