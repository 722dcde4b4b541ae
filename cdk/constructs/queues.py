"""Queues for operators (undelivered messages, images that wait for an operator), and for work in the background."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.config import StageConfig
from cdk.specification import FunctionSpecification, PipelineResources

DELIVERY_HOURS: Final = 24
DELIVERY_ATTEMPTS: Final = 185
"""How long and how often EventBridge tries to reach a target, its own maxima; then the event goes to a queue."""

AT_ONCE: Final = 5
AT_ONCE_IN_A_SMALL_ACCOUNT: Final = 2
SMALL_ACCOUNT_IN_FLIGHT: Final = 10
"""Images that are prewarmed, variants that are refined, and messages of a webhook that are delivered, at the same time;
no request waits for them. A stage with fewer than ten uploads in flight is in an account with few places, and five
would be half of a new account's."""

TRIES: Final = 5
"""At least five, because a delivery that Lambda throttles counts too: the account's functions share its concurrency.
Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS"."""


def operators_queue(scope: Construct, construct_id: str, *, config: StageConfig) -> sqs.Queue:
    """Return a queue that keeps its messages for 14 days, SQS's longest: an operator has time to react."""
    return sqs.Queue(
        scope,
        construct_id,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=config.enforce_tls,
        retention_period=Duration.days(14),
    )


def background_queue(
    scope: Construct,
    construct_id: str,
    *,
    specification: FunctionSpecification[PipelineResources],
    undelivered: sqs.Queue,
    config: StageConfig,
    tries: int = TRIES,
    kept_days: int = 4,
) -> sqs.Queue:
    """Return a queue for a function that no request waits for.

    It keeps a message for ``kept_days``. Messages that fail ``tries`` times go to ``undelivered``.
    """
    return sqs.Queue(
        scope,
        construct_id,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=config.enforce_tls,
        retention_period=Duration.days(kept_days),
        visibility_timeout=Duration.seconds(specification.size_in(config).timeout_seconds + 60),
        dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=tries, queue=undelivered),
    )


def process_in_background(
    queue: sqs.Queue, function: lambda_.Function, *, config: StageConfig, reports_failures: bool | None = None
) -> None:
    """Let a function process the queue's messages, one by one and a few at the same time.

    ``reports_failures``: the function returns the messages that failed, and does not raise an error for them.
    """
    at_once = AT_ONCE_IN_A_SMALL_ACCOUNT if config.in_flight < SMALL_ACCOUNT_IN_FLIGHT else AT_ONCE
    function.add_event_source(
        event_sources.SqsEventSource(
            queue, batch_size=1, max_concurrency=at_once, report_batch_item_failures=reports_failures
        )
    )
