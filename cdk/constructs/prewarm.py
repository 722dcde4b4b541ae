"""Generates variants when a picture is published: the stage's common ones, and animations too large for a response."""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import aws_events as events
from constructs import Construct

from cdk.constructs.background import EventConsumer
from cdk.functions.prewarm import SPECIFICATION
from cdk.specification import PipelineResources
from functions.shared.keys import EVENT_SOURCE


class Prewarm(EventConsumer):
    """Completion events, their queue, and the function."""

    alarm_name = "ImagesNotPrewarmed"
    alarm_meaning = "Variants of some images could not be generated at ingest"

    def __init__(
        self, scope: Construct, construct_id: str, *, resources: PipelineResources, zips: Mapping[str, Path]
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            specification=SPECIFICATION,
            resources=resources,
            zips=zips,
            queue_id="Queue",
            rule_id="Servable",
            rule_description="image-scaler: published images are prewarmed",
            event_pattern=events.EventPattern(source=[EVENT_SOURCE], detail_type=["Image Published", "Image Blurred"]),
            event_bus=resources.event_bus,
        )
