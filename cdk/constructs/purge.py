"""Takes an image out of the edge's caches when its record says that what is cached is no longer right."""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk import names
from cdk.config import FunctionConfig, StageConfig
from cdk.constructs.function import ScopedFunction

SIZE = FunctionConfig(memory_mb=256, timeout_seconds=30)
IMAGES_PER_INVALIDATION = 5
"""CloudFront invalidates 15 wildcards at a time: two batches at once leave room for an operator's own."""


class Purge(Construct):
    """Completion events, a queue that waits while CloudFront is busy, and the function that invalidates."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        zips: Mapping[str, Path],
        event_bus: events.IEventBus,
        distribution: cloudfront.Distribution,
    ) -> None:
        super().__init__(scope, construct_id)
        self.undelivered = sqs.Queue(
            self,
            "Undelivered",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=config.enforce_tls,
            retention_period=Duration.days(14),
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=config.enforce_tls,
            retention_period=Duration.days(4),
            visibility_timeout=Duration.seconds(6 * SIZE.timeout_seconds),
            # An invalidation takes a minute or two; a thousand images wait a few hours at most.
            dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=200, queue=self.undelivered),
        )
        target = targets.SqsQueue(self.queue, dead_letter_queue=self.undelivered)
        for title, pattern in {
            "Gone": events.EventPattern(source=[names.EVENT_SOURCE], detail_type=["Image Removed", "Image Blocked"]),
            "Replaced": events.EventPattern(
                source=[names.EVENT_SOURCE],
                detail_type=["Image Published", "Image Blurred"],
                detail={"revision": [{"numeric": [">", 1]}]},  # of the first revision nothing was cached
            ),
        }.items():
            events.Rule(
                self,
                title,
                description=f"image-scaler: {title.lower()} images leave the caches",
                event_bus=event_bus,
                event_pattern=pattern,
                targets=[target],
            )
        self.purge = ScopedFunction(
            self,
            "Purge",
            name="purge",
            config=config,
            code=zips["purge"],
            size=SIZE,
            environment={"DISTRIBUTION_ID": distribution.distribution_id},
            grants=[
                iam.PolicyStatement(
                    actions=["cloudfront:CreateInvalidation"],
                    resources=[
                        Stack.of(self).format_arn(
                            service="cloudfront",
                            region="",
                            resource="distribution",
                            resource_name=distribution.distribution_id,
                        )
                    ],
                )
            ],
        )
        self.purge.function.add_event_source(
            event_sources.SqsEventSource(
                self.queue,
                batch_size=IMAGES_PER_INVALIDATION,
                max_concurrency=2,
                report_batch_item_failures=True,
            )
        )
