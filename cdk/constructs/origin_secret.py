"""The secret that proves that a request came through the edge, WAF's accepted values, and the rotation.

The value is in Secrets Manager. Templates contain only references to it, whose text never changes. The distribution
refers to AWSCURRENT, so a deployment that updates it writes the current value. WAF's accepted values are a separate
resource whose properties never change, so no deployment updates them after the first (docs/adr/0010).
"""

import string
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from cdk import names
from cdk.config import StageConfig
from cdk.constructs.function import ScopedFunction
from cdk.functions.rotate import SPECIFICATION
from cdk.specification import EdgeResources

ROTATION_EVERY = Duration.days(30)
SECRET_LENGTH = 48


class OriginSecret(Construct):
    """The secret and WAF's set of accepted values. ``value`` is the reference in the origin's header."""

    def __init__(self, scope: Construct, construct_id: str, *, config: StageConfig) -> None:
        super().__init__(scope, construct_id)
        self.secret = secretsmanager.Secret(
            self,
            "Secret",
            description="image-scaler: the value of X-Origin-Verify that CloudFront sends and WAF requires",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=SECRET_LENGTH,
                exclude_characters=string.punctuation,  # it becomes part of a pattern, unescaped
                exclude_punctuation=True,
            ),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.value = self.secret.secret_value.unsafe_unwrap()  # a reference; CloudFormation resolves it
        self.accepted_values = wafv2.CfnRegexPatternSet(
            self,
            "AcceptedValues",
            name=names.origin_secret_name(config.name),
            description="The accepted values of X-Origin-Verify, kept by the rotation function",
            regular_expression_list=[f"^{self.value}$"],
            scope="REGIONAL",
        )
        self.accepted_values.override_logical_id(names.ACCEPTED_ORIGIN_VALUES)

    def add_rotation(self, *, resources: EdgeResources, zips: Mapping[str, Path]) -> ScopedFunction:
        """Rotate every 30 days without refusing any of the edge's requests; return the function.

        The same function compares header and secret after each deployment, and every hour in case a deployment's event
        is lost.
        """
        rotation = ScopedFunction(self, "Rotate", specification=SPECIFICATION, resources=resources, zips=zips)
        schedule = self.secret.add_rotation_schedule(
            "Schedule",
            automatically_after=ROTATION_EVERY,
            rotate_immediately_on_update=False,
            rotation_lambda=rotation.function,
        )
        schedule.node.add_dependency(resources.distribution)
        for permission in (
            child for child in rotation.function.node.children if isinstance(child, lambda_.CfnPermission)
        ):
            permission.source_account = Stack.of(self).account
        self._compare_after_deployments(rotation)
        return rotation

    def _compare_after_deployments(self, rotation: ScopedFunction) -> None:
        step = events.RuleTargetInput.from_object({"Step": "compare"})
        events.Rule(
            self,
            "Deployed",
            description="image-scaler: compare header and secret after a deployment of this stack",
            event_pattern=events.EventPattern(
                source=["aws.cloudformation"],
                detail_type=["CloudFormation Stack Status Change"],
                detail={"stack-id": [Aws.STACK_ID], "status-details": {"status": [{"suffix": "_COMPLETE"}]}},
            ),
            targets=[targets.LambdaFunction(rotation.function, event=step)],
        )
        events.Rule(
            self,
            "Hourly",
            description="image-scaler: compare header and secret, in case the event of a deployment was lost",
            schedule=events.Schedule.rate(Duration.hours(1)),
            targets=[targets.LambdaFunction(rotation.function, event=step)],
        )
