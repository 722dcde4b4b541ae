"""Encodes stored variants again with slower encoders, after they were served for the first time.

S3 reports each stored variant, so a request never waits for a message, and a `serve` that dies after its write loses
none. The queue limits how many variants are refined at once, and retries failures. A refined file is reported too; the
function finds it marked and ends.
"""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from cdk.constructs.function import ScopedFunction
from cdk.constructs.queues import background_queue, operators_queue, process_in_background
from cdk.functions.refine import SPECIFICATION
from cdk.specification import PipelineResources


class Refinement(Construct):
    """Events of the generated bucket, the queue ``Refinements``, and the function.

    ``undelivered`` holds the events of variants that could not be refined.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, resources: PipelineResources, zips: Mapping[str, Path]
    ) -> None:
        super().__init__(scope, construct_id)
        config = resources.config
        self.undelivered = operators_queue(self, "Undelivered", config=config)
        self.queue = background_queue(
            self, "Refinements", specification=SPECIFICATION, undelivered=self.undelivered, config=config
        )
        events.Rule(
            self,
            "Stored",
            description="image-scaler: stored variants are refined",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={"bucket": {"name": [resources.storage.generated.bucket_name]}},
            ),
            targets=[targets.SqsQueue(self.queue, dead_letter_queue=self.undelivered)],
        )
        self.refine = ScopedFunction(self, "Refine", specification=SPECIFICATION, resources=resources, zips=zips)
        process_in_background(self.queue, self.refine.function, config=config)
