"""One function of image-scaler with what belongs to it alone: its role and its log group.

The role gets exactly the statements that are handed in, the right to write that one log, and tracing.
"""

import platform
from collections.abc import Sequence
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk import names
from cdk.config import FunctionConfig, StageConfig


class ScopedFunction(Construct):
    """The function ``name`` from its zip; ``function`` is the Lambda function, ``role`` what it may do."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        name: str,
        size: FunctionConfig,
        code: Path,
        environment: dict[str, str],
        grants: Sequence[iam.PolicyStatement],
        snap_start: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        log_group = logs.LogGroup(
            self,
            "Logs",
            retention=config.log_retention,
            removal_policy=RemovalPolicy.RETAIN if config.keep_data else RemovalPolicy.DESTROY,
        )
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What the function {name} of image-scaler may do",
        )
        for grant in (*grants, allow(["logs:CreateLogStream", "logs:PutLogEvents"], log_group.log_group_arn)):
            self.role.add_to_policy(grant)
        self.function = lambda_.Function(
            self,
            "Function",
            architecture=_host_architecture() if config.runs_on_emulator else lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset(str(code)),
            description=f"image-scaler: {name}",
            environment={
                "POWERTOOLS_LOG_LEVEL": config.log_level,
                "POWERTOOLS_METRICS_NAMESPACE": names.METRICS_NAMESPACE,
                "POWERTOOLS_SERVICE_NAME": name,
                **environment,
            },
            handler=names.handler_of(name),
            log_group=log_group,
            memory_size=size.memory_mb,
            reserved_concurrent_executions=size.reserved_concurrency,
            role=self.role,
            runtime=lambda_.Runtime.PROVIDED_AL2023 if config.runs_on_emulator else lambda_.Runtime.PYTHON_3_13,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if snap_start else None,
            timeout=Duration.seconds(size.timeout_seconds),
            tracing=lambda_.Tracing.ACTIVE,
        )


def allow(actions: list[str], *resources: str) -> iam.PolicyStatement:
    """Return the statement that allows these actions on these resources."""
    return iam.PolicyStatement(actions=actions, resources=list(resources))


def use_of(data_key: kms.IKey) -> iam.PolicyStatement:
    """Return the statement that lets a role read and write what the stage's key encrypts in S3 and DynamoDB."""
    return allow(
        [
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        ],
        data_key.key_arn,
    )


def _host_architecture() -> lambda_.Architecture:
    return lambda_.Architecture.ARM_64 if platform.machine() in {"aarch64", "arm64"} else lambda_.Architecture.X86_64
