"""The schedule of `sweep`, which repairs stuck images, and its access to the queue of uploads."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from cdk.constructs.admission import Admission
from cdk.constructs.function import ScopedFunction
from cdk.specification import allow

PERIOD: Final = Duration.minutes(30)
"""Each sweep reads the records of several days, so a shorter period costs more (docs/costs.md)."""


class Sweep(Construct):
    """Invokes ``sweep`` every PERIOD. It sends uploads to restart to the queue of ``admission``."""

    def __init__(self, scope: Construct, construct_id: str, *, sweep: ScopedFunction, admission: Admission) -> None:
        super().__init__(scope, construct_id)
        admission.let_send(sweep)
        sweep.allow(allow("sqs:GetQueueAttributes", on=admission.queue.queue_arn))
        events.Rule(
            self,
            "Schedule",
            description="image-scaler: look for images that got stuck",
            schedule=events.Schedule.rate(PERIOD),
            targets=[targets.LambdaFunction(sweep.function, retry_attempts=2)],
        )
