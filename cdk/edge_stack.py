"""The edge of image-scaler: what stands between viewers and the pipeline."""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import CfnOutput, Fn, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk import names
from cdk.config import StageConfig
from cdk.constructs.distribution import EdgeDistribution
from cdk.constructs.firewall import Firewall
from cdk.constructs.operations import runbook_alarm
from cdk.constructs.origin_secret import OriginSecret
from cdk.constructs.purge import Purge
from cdk.signing_keys import SigningKeys


class EdgeStack(Stack):
    """CloudFront, WAF and what they need. It refers to the Pipeline stack; the Pipeline never refers to it.

    ``api_stage`` is the API's deployed stage (its REST API is ``api_stage.rest_api``); ``generated_bucket`` already
    lets CloudFront distributions of this account read it; completion events arrive on ``event_bus``; ``zips`` are the
    built packages by function; ``alarm_action`` tells the operator. It lives in the pipeline's region; only a
    certificate has to be in us-east-1.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        keys: SigningKeys,
        zips: Mapping[str, Path],
        api_stage: apigateway.Stage,
        generated_bucket: s3.IBucket,
        event_bus: events.IEventBus,
        alarm_action: cloudwatch.IAlarmAction | None = None,
        description: str | None = None,
        stack_name: str | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description=description,
            stack_name=stack_name,
        )
        self.origin_secret = OriginSecret(self, "OriginSecret", config=config)
        self.firewall = Firewall(
            self, "Firewall", config=config, api_stage=api_stage, accepted_values=self.origin_secret.accepted_values
        )
        self.edge = EdgeDistribution(
            self,
            "Edge",
            config=config,
            keys=keys,
            api_stage=api_stage,
            generated_bucket=generated_bucket,
            origin_secret=self.origin_secret,
        )
        # No moment in which the distribution knows an API that is open to everyone.
        self.edge.distribution.node.add_dependency(self.firewall.association)
        self.rotation = self.origin_secret.add_rotation(
            distribution=self.edge.distribution, log_bucket_arn=self.edge.logs.bucket_arn, zips=zips
        )
        self.purge = Purge(
            self, "Purging", config=config, zips=zips, event_bus=event_bus, distribution=self.edge.distribution
        )
        undelivered = self.purge.undelivered.metric_approximate_number_of_messages_visible(statistic="Maximum")
        for name, metric, meaning in (
            ("PurgesUndelivered", undelivered, "Some images could not be taken out of the edge's caches"),
            ("RotationFailed", self.rotation.function.metric_errors(), "The origin's secret could not be rotated"),
        ):
            runbook_alarm(self, name, metric, meaning, action=alarm_action)
        self._outputs(
            {
                "EdgeUrl": f"https://{config.domain_name or self.edge.distribution.distribution_domain_name}",
                "DistributionId": self.edge.distribution.distribution_id,
                "DistributionDomainName": self.edge.distribution.distribution_domain_name,
                "OriginSecretArn": self.origin_secret.secret.secret_arn,
                names.function_output("rotate"): self.rotation.function.function_name,
                names.function_output("purge"): self.purge.purge.function.function_name,
                "UndeliveredPurgesUrl": self.purge.undelivered.queue_url,
                **{f"{group}KeyPairIds": Fn.join(",", ids) for group, ids in self.edge.key_ids.items()},
            }
        )

    def _outputs(self, values: dict[str, str]) -> None:
        for name, value in values.items():
            CfnOutput(self, f"Output{name}", value=value).override_logical_id(name)
