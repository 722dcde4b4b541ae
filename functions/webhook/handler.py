"""Webhook: delivers each event of the queues to its receiver; what failed is tried again later."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from functions.shared.observability import logger, metrics
from functions.webhook.delivery import Deliverer
from functions.webhook.secrets import SigningSecrets
from functions.webhook.settings import WebhookSettings

settings = WebhookSettings.from_environment()  # a bad value fails the cold start
deliverer = Deliverer(settings.endpoints, secrets=SigningSecrets())


@logger.inject_lambda_context(clear_state=True)  # no keys from the last message
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Deliver the messages of a batch; return those that the queue must keep."""
    failed = []
    for record in event["Records"]:
        delivery = deliverer.deliver(record)
        metrics.add_metric(f"Webhook{'Delivered' if delivery.is_accepted else 'Failed'}", MetricUnit.Count, 1)
        logger.info("webhook", extra=delivery.to_log())
        if not delivery.is_accepted:
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
