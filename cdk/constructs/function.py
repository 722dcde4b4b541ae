"""One function of image-scaler with its own role and log group, according to its specification.

The role gets exactly the specification's grants, write access to its own log, and tracing.
"""

import platform
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk import names
from cdk.config import WarmStart
from cdk.specification import FunctionSpecification, Grant, PipelineResources, Resources, allow


class ScopedFunction(Construct):
    """A Lambda ``function`` with its ``name``, its ``alarms``, and its ``role`` with all its ``grants``.

    ``resources`` are those of the function's stack; ``zips`` are the built packages by name.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        specification: FunctionSpecification[Resources],
        resources: Resources,
        zips: Mapping[str, Path],
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = specification.name
        self.alarms = specification.alarms
        config = resources.config
        size = specification.size_in(config)
        log_group = logs.LogGroup(
            self,
            "Logs",
            retention=config.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What the function {specification.name} of image-scaler may do",
        )
        self.grants: list[Grant] = []
        for grant in specification.grants(resources):
            self.allow(grant)
        if isinstance(resources, PipelineResources) and resources.data_key:
            self.allow(use_of(resources.data_key))
        self.allow(allow("logs:CreateLogStream", "logs:PutLogEvents", on=log_group.log_group_arn))
        snap_start = specification.answers_api and config.warm_start is WarmStart.SNAPSTART
        self.function = lambda_.Function(
            self,
            "Function",
            architecture=_host_architecture() if config.runs_on_emulator else lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset(str(zips[specification.package.name])),
            description=f"image-scaler: {specification.name}",
            environment={
                "POWERTOOLS_LOG_LEVEL": config.log_level,
                "POWERTOOLS_METRICS_NAMESPACE": names.metrics_namespace(config.name),
                "POWERTOOLS_SERVICE_NAME": specification.name,
                **specification.environment(resources),
            },
            handler=specification.handler,
            log_group=log_group,
            memory_size=size.memory_mb,
            reserved_concurrent_executions=size.reserved_concurrency,
            role=self.role,
            runtime=lambda_.Runtime.PROVIDED_AL2023 if config.runs_on_emulator else lambda_.Runtime.PYTHON_3_13,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if snap_start else None,
            timeout=Duration.seconds(size.timeout_seconds),
            tracing=lambda_.Tracing.ACTIVE,
        )

    def allow(self, grant: Grant) -> None:
        """Add a grant to the role."""
        self.grants.append(grant)
        self.role.add_to_policy(statement(grant))


def statement(grant: Grant) -> iam.PolicyStatement:
    """Return the policy statement of a grant."""
    keys = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [grant.leading_keys]}} if grant.leading_keys else None
    return iam.PolicyStatement(actions=list(grant.actions), resources=list(grant.resources), conditions=keys)


def use_of(data_key: kms.IKey) -> Grant:
    """Return the grant to use the stage's key for data in S3 and DynamoDB."""
    actions = ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo")
    return allow(*(f"kms:{action}" for action in actions), on=data_key.key_arn)


def _host_architecture() -> lambda_.Architecture:
    return lambda_.Architecture.ARM_64 if platform.machine() in {"aarch64", "arm64"} else lambda_.Architecture.X86_64
