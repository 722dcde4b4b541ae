"""Queues that somebody looks into: what nobody could deliver, and what waits for an operator."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.config import StageConfig

DELIVERY_HOURS: Final = 24
DELIVERY_ATTEMPTS: Final = 185
"""How long and how often EventBridge tries to reach a target, its own maxima; then the event goes to a queue."""


def operators_queue(scope: Construct, construct_id: str, *, config: StageConfig) -> sqs.Queue:
    """Return a queue that keeps its messages for 14 days, SQS's longest: an operator has time to come back."""
    return sqs.Queue(
        scope,
        construct_id,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=config.enforce_tls,
        retention_period=Duration.days(14),
    )
