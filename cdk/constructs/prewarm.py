"""Generates variants when a picture is published: the stage's common ones, and animations too large for a response.

A queue between the events and the function limits how many images are prewarmed at once, so that requests are not
slowed down, and retries failures.
"""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from cdk.constructs.function import ScopedFunction
from cdk.constructs.queues import background_queue, operators_queue, process_in_background
from cdk.functions.prewarm import SPECIFICATION
from cdk.specification import PipelineResources
from functions.shared.keys import EVENT_SOURCE


class Prewarm(Construct):
    """Completion events, the queue, and the function.

    ``queue`` takes completion events; ``undelivered`` holds those of images that could not be prewarmed.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, resources: PipelineResources, zips: Mapping[str, Path]
    ) -> None:
        super().__init__(scope, construct_id)
        config = resources.config
        self.undelivered = operators_queue(self, "Undelivered", config=config)
        self.queue = background_queue(
            self, "Queue", specification=SPECIFICATION, undelivered=self.undelivered, config=config
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
        process_in_background(self.queue, self.prewarm.function, config=config)
