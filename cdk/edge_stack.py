"""The edge of image-scaler: what stands between viewers and the pipeline."""

from aws_cdk import Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_events as events
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk.config import StageConfig


class EdgeStack(Stack):
    """CloudFront, WAF and what they need. It refers to the Pipeline stack; the Pipeline never refers to it.

    ``api_stage`` is the API's deployed stage (its REST API is ``api_stage.rest_api``); ``generated_bucket`` already
    lets CloudFront distributions of this account read it; completion events arrive on ``event_bus``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        api_stage: apigateway.Stage,
        generated_bucket: s3.IBucket,
        event_bus: events.IEventBus,
        **kwargs: object,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)  # type: ignore[arg-type]
        self.config = config
        self.api_stage = api_stage
        self.generated_bucket = generated_bucket
        self.event_bus = event_bus
