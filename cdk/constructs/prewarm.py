"""Makes variants as soon as a picture is published: the stage's common ones, and animations too large to answer with.

A queue stands between the news and the function: a thousand uploads at once are prewarmed a few at a time, beside the
requests that somebody waits for, and what cannot be done now is tried again.
"""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk import names
from cdk.config import FunctionConfig, StageConfig
from cdk.constructs.function import ScopedFunction, allow, use_of
from cdk.constructs.functions import serve_environment
from cdk.constructs.queues import operators_queue
from cdk.constructs.storage import Storage

SIZE = FunctionConfig(memory_mb=3008, timeout_seconds=600)
"""For the largest animation that is let in, which docs/adr/0015 measures; a still picture needs a tenth of either."""
AT_ONCE = 5
"""Images that are prewarmed at the same time; nobody waits for them."""
TRIES = 3


class Prewarm(Construct):
    """Completion events, the queue, and the function: a second entry point of `serve`'s package.

    ``queue`` takes completion events; ``undelivered`` holds those of images that could not be prewarmed.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        zips: Mapping[str, Path],
        storage: Storage,
        table: dynamodb.Table,
        event_bus: events.IEventBus,
        data_key: kms.Key | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.undelivered = operators_queue(self, "Undelivered", config=config)
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=config.enforce_tls,
            retention_period=Duration.days(4),
            # The mapping below asks for no more than may run at once, so a message is never throttled back.
            visibility_timeout=Duration.seconds(SIZE.timeout_seconds + 60),
            dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=TRIES, queue=self.undelivered),
        )
        events.Rule(
            self,
            "Servable",
            description="image-scaler: published images are prewarmed",
            event_bus=event_bus,
            event_pattern=events.EventPattern(
                source=[names.EVENT_SOURCE], detail_type=["Image Published", "Image Blurred"]
            ),
            targets=[targets.SqsQueue(self.queue, dead_letter_queue=self.undelivered)],
        )
        generated = storage.generated.arn_for_objects("images/*")
        self.prewarm = ScopedFunction(
            self,
            "Prewarm",
            name=names.PREWARM,
            config=config,
            code=zips[names.package_of(names.PREWARM)],
            size=SIZE,
            environment=serve_environment(config, storage=storage, table=table) | _common_variants(config),
            grants=[
                allow(["s3:GetObject"], storage.published.arn_for_objects("*")),
                allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], generated),
                allow(["dynamodb:GetItem"], table.table_arn),
                *([use_of(data_key)] if data_key else []),
            ],
        )
        self.prewarm.function.add_event_source(
            event_sources.SqsEventSource(self.queue, batch_size=1, max_concurrency=AT_ONCE)
        )


def _common_variants(config: StageConfig) -> dict[str, str]:
    if not config.prewarm.widths:
        return {}
    return {
        "PREWARM_WIDTHS": ",".join(map(str, config.prewarm.widths)),
        "PREWARM_FORMATS": ",".join(config.prewarm.formats),
    }
