"""The schedule of `sweep`, which repairs stuck images, and its permission to write to the queue of uploads."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk.constructs.function import ScopedFunction
from cdk.specification import allow

PERIOD: Final = Duration.minutes(30)
"""Each sweep reads the records of several days, so a shorter period costs more (docs/costs.md)."""


class Sweep(Construct):
    """Invokes ``sweep`` every PERIOD. It sends uploads to restart to ``uploads``."""

    def __init__(self, scope: Construct, construct_id: str, *, sweep: ScopedFunction, uploads: sqs.Queue) -> None:
        super().__init__(scope, construct_id)
        sweep.function.add_environment("UPLOADS_QUEUE_URL", uploads.queue_url)
        sweep.allow(allow("sqs:SendMessage", "sqs:GetQueueAttributes", on=uploads.queue_arn))
        events.Rule(
            self,
            "Schedule",
            description="image-scaler: look for images that got stuck",
            schedule=events.Schedule.rate(PERIOD),
            targets=[targets.LambdaFunction(sweep.function, retry_attempts=2)],
        )
