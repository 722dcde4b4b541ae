"""The value that proves a request came through the edge, what accepts it, and its rotation.

The value lives in Secrets Manager. Templates hold only references to it, whose text never changes: the distribution
refers to AWSCURRENT, so any deployment that touches it writes the value of today; WAF's accepted values are a resource
of their own whose properties never change, so no deployment touches them after the first. docs/adr has the reasoning.
"""

import string
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from cdk import names
from cdk.config import FunctionConfig, StageConfig
from cdk.constructs.function import ScopedFunction

HEADER = "X-Origin-Verify"
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
            description="The accepted values of X-Origin-Verify, both of them while the secret rotates",
            regular_expression_list=[f"^{self.value}$"],
            scope="REGIONAL",
        )
        self.accepted_values.override_logical_id(names.ACCEPTED_ORIGIN_VALUES)

    def add_rotation(
        self, *, distribution: cloudfront.Distribution, log_bucket_arn: str, zips: Mapping[str, Path]
    ) -> ScopedFunction:
        """Rotate every 30 days, without a moment in which the edge's requests are refused; return the function."""
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
                "FIREWALL_SETTLE_SECONDS": "0" if on_emulator else "60",
                "DEPLOY_POLL_SECONDS": "1" if on_emulator else "15",
            },
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
                # CloudFront checks, with its caller's rights, that it may write the access logs.
                iam.PolicyStatement(actions=["s3:GetBucketAcl", "s3:PutBucketAcl"], resources=[log_bucket_arn]),
            ],
        )
        schedule = self.secret.add_rotation_schedule(
            "Schedule",
            automatically_after=ROTATION_EVERY,
            rotate_immediately_on_update=False,
            rotation_lambda=rotation.function,
        )
        schedule.node.add_dependency(distribution)
        return rotation
