"""Invalidates an image in the edge's caches when its record has changed.

One purge is not enough: a request that read the record before the change may complete after the purge, and its response
would be cached. The state machines `remove` and `retire` know when the last such response has arrived. They request
each purge with an event, after they have deleted the files that the edge would fetch again. The last purge follows a
minute later, when every transfer from the bucket to the edge has ended.
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
from cdk.functions.purge import SPECIFICATION
from cdk.specification import EdgeResources
from functions.shared.keys import EVENT_SOURCE

IMAGES_PER_INVALIDATION = 10
"""SQS's largest batch without a batching window. Each image is one tag; CloudFront allows thousands in progress."""
LATER = Duration.seconds(60)
"""CloudFront gives up on a response after 30 s; the rest is a margin for slow clocks and queues."""


class Purge(Construct):
    """Events, two queues that wait while CloudFront is busy, and the function that invalidates.

    ``queue`` delivers immediately, ``later`` after LATER (on the emulator after a second).
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        resources: EdgeResources,
        zips: Mapping[str, Path],
        event_bus: events.IEventBus,
    ) -> None:
        super().__init__(scope, construct_id)
        config = resources.config
        self.undelivered = operators_queue(self, "Undelivered", config=config)
        self.queue = self._queue("Queue", config=config)
        self.later = self._queue(
            "Again", config=config, delivery_delay=Duration.seconds(1) if config.runs_on_emulator else LATER
        )
        queues = (self.queue, self.later)
        for title, queue, detail_types, detail in (
            ("Requested", self.queue, ["Image Purge Requested"], {"when": ["now"]}),
            ("RequestedLater", self.later, ["Image Purge Requested"], {"when": ["later"]}),
            # Nothing of the first revision was cached; `retire` requests the later purges.
            (
                "Replaced",
                self.queue,
                ["Image Published", "Image Blurred", "Image Blocked", "Image In Review"],
                {"revision": [{"numeric": [">", 1]}]},
            ),
            # The last purge of a removal: `remove` has deleted everything before it sends this.
            ("Removed", self.later, ["Image Removed"], None),
        ):
            events.Rule(
                self,
                title,
                description=f"image-scaler: {title} purges the caches of one image",
                event_bus=event_bus,
                event_pattern=events.EventPattern(source=[EVENT_SOURCE], detail_type=detail_types, detail=detail),
                targets=[targets.SqsQueue(queue, dead_letter_queue=self.undelivered)],
            )
        self.scoped = ScopedFunction(self, "Purge", specification=SPECIFICATION, resources=resources, zips=zips)
        for queue in queues:
            self.scoped.function.add_event_source(
                event_sources.SqsEventSource(
                    queue, batch_size=IMAGES_PER_INVALIDATION, max_concurrency=2, report_batch_item_failures=True
                )
            )

    def _queue(self, title: str, *, config: StageConfig, delivery_delay: Duration | None = None) -> sqs.Queue:
        return sqs.Queue(
            self,
            title,
            delivery_delay=delivery_delay,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=config.enforce_tls,
            retention_period=Duration.days(4),
            visibility_timeout=Duration.seconds(6 * SPECIFICATION.size_in(config).timeout_seconds),
            # CloudFront is busy for minutes at most; a message that still fails after half a day needs an operator.
            dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=200, queue=self.undelivered),
        )
