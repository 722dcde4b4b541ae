"""Encodes stored variants again with slower encoders, after they were served for the first time.

S3 reports each stored variant, so a request never waits for a message, and a `serve` that dies after its write loses
none. A refined file is reported too; the function finds it marked and ends.
"""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import aws_events as events
from constructs import Construct

from cdk.constructs.background import EventConsumer
from cdk.functions.refine import SPECIFICATION
from cdk.specification import PipelineResources


class Refinement(EventConsumer):
    """Events of the generated bucket, their queue, and the function."""

    alarm_name = "VariantsNotRefined"
    alarm_meaning = "Some stored variants could not be refined"

    def __init__(
        self, scope: Construct, construct_id: str, *, resources: PipelineResources, zips: Mapping[str, Path]
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            specification=SPECIFICATION,
            resources=resources,
            zips=zips,
            queue_id="Refinements",
            rule_id="Stored",
            rule_description="image-scaler: stored variants are refined",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={"bucket": {"name": [resources.storage.generated.bucket_name]}},
            ),
        )
