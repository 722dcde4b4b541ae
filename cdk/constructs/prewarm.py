"""Generates variants when a picture is published: the stage's common ones, and animations too large for a response.

A queue between the events and the function limits how many images are prewarmed at once, so that requests are not
slowed down, and retries failures.
"""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.config import StageConfig
from cdk.constructs.function import ScopedFunction
from cdk.constructs.queues import operators_queue
from cdk.functions.prewarm import SPECIFICATION
from cdk.specification import PipelineResources
from functions.shared.keys import EVENT_SOURCE

AT_ONCE = 5
AT_ONCE_IN_A_SMALL_ACCOUNT = 2
SMALL_ACCOUNT_IN_FLIGHT = 10
"""Images that are prewarmed, and variants that are refined, at the same time; no request waits for them. A stage with
fewer than ten uploads in flight is in an account with few places, and five would be half of a new account's."""
TRIES = 5
"""At least five, because a delivery that Lambda throttles counts too: the account's functions share its concurrency.
Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS"."""


class Prewarm(Construct):
    """Completion events, the queue, and the function.

    ``queue`` takes completion events; ``undelivered`` holds those of images that could not be prewarmed.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, resources: PipelineResources, zips: Mapping[str, Path]
    ) -> None:
        super().__init__(scope, construct_id)
        config = resources.config
        timeout_seconds = SPECIFICATION.size_in(config).timeout_seconds
        self.undelivered = operators_queue(self, "Undelivered", config=config)
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=config.enforce_tls,
            retention_period=Duration.days(4),
            visibility_timeout=Duration.seconds(timeout_seconds + 60),
            dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=TRIES, queue=self.undelivered),
        )
        events.Rule(
            self,
            "Servable",
            description="image-scaler: published images are prewarmed",
            event_bus=resources.event_bus,
            event_pattern=events.EventPattern(source=[EVENT_SOURCE], detail_type=["Image Published", "Image Blurred"]),
            targets=[targets.SqsQueue(self.queue, dead_letter_queue=self.undelivered)],
        )
        self.prewarm = ScopedFunction(self, "Prewarm", specification=SPECIFICATION, resources=resources, zips=zips)
        self.prewarm.function.add_event_source(
            event_sources.SqsEventSource(self.queue, batch_size=1, max_concurrency=at_once(config))
        )


def at_once(config: StageConfig) -> int:
    """Return how many images, or variants, are processed in the background at the same time."""
    return AT_ONCE_IN_A_SMALL_ACCOUNT if config.in_flight < SMALL_ACCOUNT_IN_FLIGHT else AT_ONCE
