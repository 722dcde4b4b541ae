"""The value that proves a request came through the edge, what accepts it, and its rotation.

The value lives in Secrets Manager. Templates hold only references to it, whose text never changes: the distribution
refers to AWSCURRENT, so any deployment that touches it writes the value of today; WAF's accepted values are a resource
of their own whose properties never change, so no deployment touches them after the first. docs/adr has the reasoning.
"""

import string
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from cdk import names
from cdk.config import FunctionConfig, StageConfig
from cdk.constructs.function import ScopedFunction

HEADER = "X-Origin-Verify"
"""The header that WAF checks; a rotation changes it."""
DEPLOYED_HEADER = "X-Origin-Deployed"
"""The same reference in a header that no rotation changes: it shows what CloudFormation wrote last, and so may write
again if it does not read the secret anew. That value stays accepted."""
ROTATION_EVERY = Duration.days(30)
SECRET_LENGTH = 48
SIZE = FunctionConfig(memory_mb=256, timeout_seconds=900)
"""A distribution is deployed in three to ten minutes."""


class OriginSecret(Construct):
    """The secret and WAF's set of accepted values. ``value`` is the reference that goes into the origin's header."""

    def __init__(self, scope: Construct, construct_id: str, *, config: StageConfig) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self.secret = secretsmanager.Secret(
            self,
            "Secret",
            description="image-scaler: what CloudFront sends and WAF demands as X-Origin-Verify",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=SECRET_LENGTH,
                exclude_characters=string.punctuation,  # it becomes part of a pattern, as it is
                exclude_punctuation=True,
            ),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.value = self.secret.secret_value.unsafe_unwrap()  # a reference; CloudFormation reads the value
        self.accepted_values = wafv2.CfnRegexPatternSet(
            self,
            "AcceptedValues",
            name=names.stack_name(config.name, "OriginSecret"),
            description="The accepted values of X-Origin-Verify, kept by the rotation function",
            regular_expression_list=[f"^{self.value}$"],
            scope="REGIONAL",
        )
        self.accepted_values.override_logical_id(names.ACCEPTED_ORIGIN_VALUES)

    def add_rotation(
        self, *, distribution: cloudfront.Distribution, api_url: str, zips: Mapping[str, Path]
    ) -> ScopedFunction:
        """Rotate every 30 days, without a moment in which the edge's requests are refused; return the function.

        ``api_url`` is the URL of the API's stage, at which the rotation sees what the firewall accepts. The same
        function compares header and secret after each deployment, and every hour: news of a deployment may get lost.
        """
        stack = Stack.of(self)
        distribution_arn = stack.format_arn(
            service="cloudfront", region="", resource="distribution", resource_name=distribution.distribution_id
        )
        on_emulator = self._config.runs_on_emulator
        rotation = ScopedFunction(
            self,
            "Rotate",
            name="rotate",
            config=self._config,
            code=zips["rotate"],
            size=SIZE,
            environment={
                "DISTRIBUTION_ID": distribution.distribution_id,
                "HEADER_NAME": HEADER,
                "PATTERN_SET_ID": self.accepted_values.attr_id,
                "PATTERN_SET_NAME": names.stack_name(self._config.name, "OriginSecret"),
                "DEPLOYED_HEADER_NAME": DEPLOYED_HEADER,
                "DEPLOY_POLL_SECONDS": "1" if on_emulator else "15",
                "SECRET_ID": self.secret.secret_arn,
            }
            # The emulator's API has no firewall in front of it.
            | ({} if on_emulator else {"PROBE_URL": f"{api_url}/probe"}),
            grants=[
                iam.PolicyStatement(
                    actions=[
                        "secretsmanager:DescribeSecret",
                        "secretsmanager:GetSecretValue",
                        "secretsmanager:PutSecretValue",
                        "secretsmanager:UpdateSecretVersionStage",
                    ],
                    resources=[self.secret.secret_arn],
                ),
                # This action knows no resources: IAM takes nothing but * here.
                iam.PolicyStatement(actions=["secretsmanager:GetRandomPassword"], resources=["*"]),
                iam.PolicyStatement(
                    actions=["wafv2:GetRegexPatternSet", "wafv2:UpdateRegexPatternSet"],
                    resources=[self.accepted_values.attr_arn],
                ),
                iam.PolicyStatement(
                    actions=[
                        "cloudfront:GetDistribution",
                        "cloudfront:GetDistributionConfig",
                        "cloudfront:UpdateDistribution",
                    ],
                    resources=[distribution_arn],
                ),
            ],
        )
        schedule = self.secret.add_rotation_schedule(
            "Schedule",
            automatically_after=ROTATION_EVERY,
            rotate_immediately_on_update=False,
            rotation_lambda=rotation.function,
        )
        schedule.node.add_dependency(distribution)
        for permission in (
            child for child in rotation.function.node.children if isinstance(child, lambda_.CfnPermission)
        ):
            permission.source_account = stack.account
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
            description="image-scaler: compare header and secret, should the news of a deployment be lost",
            schedule=events.Schedule.rate(Duration.hours(1)),
            targets=[targets.LambdaFunction(rotation.function, event=step)],
        )
