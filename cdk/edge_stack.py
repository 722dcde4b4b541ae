"""The Edge stack: CloudFront and WAF between viewers and the pipeline."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aws_cdk import Aws, CfnCondition, CfnOutput, Duration, Fn, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk import names
from cdk.config import StageConfig
from cdk.constructs.access_logs import AccessLogs
from cdk.constructs.api_access import ApiAccess
from cdk.constructs.distribution import EdgeDistribution
from cdk.constructs.firewall import Firewall
from cdk.constructs.function import ScopedFunction
from cdk.constructs.operations import function_alarms, runbook_alarm
from cdk.constructs.origin_secret import OriginSecret
from cdk.constructs.purge import Purge
from cdk.constructs.resource import resource_of
from cdk.signing_keys import SigningKeys
from cdk.specification import EdgeResources
from functions.shared.options import Delivery

METRICS_REGION: Final = "us-east-1"
"""The region of CloudFront's metrics, whatever the stage's region."""
BLOCKED_BY_DEFAULT: Final = 100
"""Requests blocked by the firewall's default action in five minutes. More may be the edge's own: scanners that know the
API's address stay below this, but if the edge's secret is refused, every cache miss counts."""
STORED_VARIANTS_FOUND: Final = 50
"""The fewest stored variants found by serve in five minutes for which the share is evaluated; simultaneous requests
cause some."""


class EdgeStack(Stack):
    """CloudFront, WAF and their resources. It refers to the Pipeline stack; Pipeline never refers to it.

    ``api_stage`` is the API's deployed stage (its REST API is ``api_stage.rest_api``). ``entry_points`` are the
    functions that it invokes, by name; Edge grants the permission. ``generated_bucket`` already lets CloudFront
    distributions of this account read it. Completion events arrive on ``event_bus``; ``zips`` are the built packages by
    name; ``alarm_action`` notifies the operator. The stack is in the pipeline's region; only a certificate must be in
    us-east-1.
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
        entry_points: Mapping[str, lambda_.IFunction],
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
        ApiAccess(self, "ApiAccess", api_stage=api_stage, entry_points=entry_points, after=self.firewall.association)
        self.edge = EdgeDistribution(
            self,
            "Edge",
            config=config,
            keys=keys,
            api_stage=api_stage,
            generated_bucket=generated_bucket,
            origin_secret=self.origin_secret,
        )
        # The distribution must never use an API that is open to everyone.
        self.edge.distribution.node.add_dependency(self.firewall.association)
        self.access_logs = AccessLogs(self, "AccessLogs", config=config, distribution=self.edge.distribution)
        resources = EdgeResources(
            config=config,
            distribution=self.edge.distribution,
            secret=self.origin_secret.secret,
            accepted_values=self.origin_secret.accepted_values,
            api_url=f"https://{self.edge.api_domain}/{names.API_STAGE}",
        )
        self.rotation = self.origin_secret.add_rotation(resources=resources, zips=zips)
        self.purge = Purge(self, "Purging", resources=resources, zips=zips, event_bus=event_bus)
        self._alarms(config, alarm_action)
        self._outputs(
            {
                "EdgeUrl": f"https://{config.domain_name or self.edge.distribution.distribution_domain_name}",
                "DistributionId": self.edge.distribution.distribution_id,
                "DistributionDomainName": self.edge.distribution.distribution_domain_name,
                "OriginSecretArn": self.origin_secret.secret.secret_arn,
                **{names.function_output(each.name): each.function.function_name for each in self.scoped_functions},
                "UndeliveredPurgesUrl": self.purge.undelivered.queue_url,
                **{f"{group}KeyPairIds": Fn.join(",", ids) for group, ids in self.edge.key_ids.items()},
            }
        )

    @property
    def scoped_functions(self) -> list[ScopedFunction]:
        """All functions of the stack."""
        return [self.rotation, self.purge.scoped]

    def _alarms(self, config: StageConfig, action: cloudwatch.IAlarmAction | None) -> None:
        undelivered = self.purge.undelivered.metric_approximate_number_of_messages_visible(statistic="Maximum")
        runbook_alarm(
            self,
            "PurgesUndelivered",
            undelivered,
            "Some images could not be purged from the edge's caches",
            action=action,
        )
        for scoped in self.scoped_functions:
            function_alarms(self, scoped, action=action)
        runbook_alarm(
            self,
            "EdgeLockedOut",
            self._metric(
                "AWS/WAFV2",
                "BlockedRequests",
                WebACL=names.firewall_name(config.name),
                Rule="Default_Action",
                Region=Aws.REGION,
            ),
            "The firewall refuses requests without an accepted secret, possibly the edge's own",
            action=action,
            threshold=BLOCKED_BY_DEFAULT,
            periods=2,
        )
        if config.runs_on_emulator:  # its alarms do not support metric math, and its CloudFront has no metrics
            return
        if config.delivery is Delivery.V2:
            found, generated = (
                self._metric(names.metrics_namespace(config.name), f"Variant{what}", service="serve")
                for what in ("Found", "Generated")
            )
            share = cloudwatch.MathExpression(
                expression=f"IF(found > {STORED_VARIANTS_FOUND}, 100 * found / (found + FILL(generated, 0)), 0)",
                using_metrics={"found": found, "generated": generated},
                label="stored variants among those that serve answered, in percent",
                period=Duration.minutes(5),
            )
            runbook_alarm(
                self,
                "EdgeMissesStored",
                share,
                "The edge requests variants from serve that it should read from the bucket",
                action=action,
                threshold=50,
                periods=3,
            )
        self._alarm_on_throttled_functions(action)

    def _alarm_on_throttled_functions(self, action: cloudwatch.IAlarmAction | None) -> None:
        """Create alarms in us-east-1, the region of CloudFront's metrics; in other regions an operator creates them
        there."""
        here = CfnCondition(self, "InMetricsRegion", expression=Fn.condition_equals(Aws.REGION, METRICS_REGION))
        for title, name in self.edge.function_names.items():
            alarm = runbook_alarm(
                self,
                f"FunctionThrottled{title}",
                self._metric("AWS/CloudFront", "FunctionThrottles", FunctionName=name, Region="Global"),
                f"CloudFront throttles the function {title}, which takes too long",
                action=action,
                section="FunctionThrottled",
            )
            resource_of(alarm, cloudwatch.CfnAlarm).cfn_options.condition = here

    @staticmethod
    def _metric(namespace: str, metric: str, **dimensions: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=namespace,
            metric_name=metric,
            dimensions_map=dimensions,
            period=Duration.minutes(5),
            statistic="Sum",
        )

    def _outputs(self, values: dict[str, str]) -> None:
        for name, value in values.items():
            CfnOutput(self, f"Output{name}", value=value).override_logical_id(name)
