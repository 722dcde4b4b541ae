"""The seven functions, each with a role of its own that may do exactly what the function's code does.

The grants stand in one place, by function, so that a reader sees who may touch what; a test holds the same table.
Every ARN is one resource or one prefix. ListBucket and its kin name the bucket, with the prefix as a condition where
the function knows it beforehand.
"""

import platform
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk import names
from cdk.config import StageConfig, WarmStart
from cdk.constructs.storage import Storage
from cdk.constructs.table import LISTING_INDEX

API_FUNCTIONS = ("serve", "upload", "manage")
"""The functions that somebody waits for: only these are kept warm."""

UPLOADS = "uploads/*"


class Functions(Construct):
    """All functions of a stage. ``zips`` are the built packages by function.

    ``by_name`` holds the functions; ``entry_points`` what the API calls: an alias where a warm start is configured.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        zips: Mapping[str, Path],
        storage: Storage,
        table: dynamodb.Table,
        event_bus: events.EventBus,
        data_key: kms.Key | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self._zips = zips
        self._storage = storage
        self._table = table
        self._event_bus = event_bus
        self._data_key = data_key
        grants = self._grants()
        environments = self._environments()
        self.by_name = {
            name: self._function(name, grants=grants[name], environment=environments[name]) for name in names.FUNCTIONS
        }
        self.entry_points: dict[str, lambda_.IFunction] = {
            name: self._entry_point(name, self.by_name[name]) for name in API_FUNCTIONS
        }

    def _grants(self) -> dict[str, list[iam.PolicyStatement]]:
        """Return what each function may do beyond writing its own log."""
        originals, staging = self._storage.originals, self._storage.staging
        published, generated = self._storage.published, self._storage.generated
        table, index = self._table.table_arn, f"{self._table.table_arn}/index/{LISTING_INDEX}"
        announce = _allow(["events:PutEvents"], self._event_bus.event_bus_arn)
        return {
            "optimize": [
                _allow(["s3:GetObject", "s3:GetObjectVersion"], originals.arn_for_objects(UPLOADS)),
                _allow(["s3:PutObject"], staging.arn_for_objects("*")),
            ],
            "moderate": [
                # Rekognition reads the proxy from S3 with the caller's rights.
                _allow(["s3:GetObject"], staging.arn_for_objects("*")),
                # This action knows no resources: IAM takes nothing but * here.
                _allow(["rekognition:DetectModerationLabels"], "*"),
            ],
            "blur": [_allow(["s3:GetObject", "s3:PutObject"], staging.arn_for_objects("*"))],
            "persist": [
                _allow(["s3:GetObject", "s3:DeleteObject"], staging.arn_for_objects("*")),
                _allow(["s3:PutObject", "s3:DeleteObject"], published.arn_for_objects("*")),
                _allow(["s3:DeleteObject"], generated.arn_for_objects("images/*")),
                _allow(["s3:ListBucket"], staging.bucket_arn, published.bucket_arn, generated.bucket_arn),
                _allow(
                    ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"],
                    table,
                ),
                announce,
            ],
            "serve": [
                _allow(["s3:GetObject"], published.arn_for_objects("*")),
                _allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], generated.arn_for_objects("images/*")),
                _allow(["dynamodb:GetItem"], table),
            ],
            "upload": [
                _allow(["s3:PutObject"], originals.arn_for_objects(UPLOADS)),
                _allow(
                    ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"],
                    table,
                ),
            ],
            "manage": [
                _allow(
                    ["s3:DeleteObject", "s3:DeleteObjectVersion"],
                    originals.arn_for_objects(UPLOADS),
                    staging.arn_for_objects("*"),
                    published.arn_for_objects("*"),
                    generated.arn_for_objects("images/*"),
                ),
                _allow(
                    ["s3:ListBucket", "s3:ListBucketVersions"],
                    *(bucket.bucket_arn for bucket in (originals, staging, published, generated)),
                ),
                _allow(
                    [
                        "dynamodb:GetItem",
                        "dynamodb:Query",
                        "dynamodb:PutItem",
                        "dynamodb:UpdateItem",
                        "dynamodb:DeleteItem",
                        "dynamodb:ConditionCheckItem",
                    ],
                    table,
                ),
                _allow(["dynamodb:Query"], index),
                announce,
            ],
        }

    def _environments(self) -> dict[str, dict[str, str]]:
        """Return each function's own variables, and only those that it reads."""
        config = self._config
        originals = {"ORIGINALS_BUCKET": self._storage.originals.bucket_name}
        staging = {"STAGING_BUCKET": self._storage.staging.bucket_name}
        published = {"PUBLISHED_BUCKET": self._storage.published.bucket_name}
        generated = {"GENERATED_BUCKET": self._storage.generated.bucket_name}
        table = {"TABLE_NAME": self._table.table_name}
        bus = {"EVENT_BUS_NAME": self._event_bus.event_bus_name}
        origins = {"ALLOWED_ORIGINS": ",".join(config.allowed_origins)} if config.allowed_origins else {}
        return {
            "optimize": staging | config.limits.as_environment(),
            "moderate": staging,
            "blur": staging,
            "persist": staging | published | generated | table | bus,
            "serve": published
            | generated
            | table
            | origins
            | {
                "DELIVERY": config.delivery,
                "SIZES": config.sizes,
                "S_MAXAGE_SECONDS": str(config.shared_max_age_seconds),
                "MAX_AGE_SECONDS": str(config.browser_max_age_seconds),
            },
            "upload": originals
            | table
            | origins
            | {
                "MAX_BYTES": str(config.limits.max_bytes),
                "UPLOAD_EXPIRES_SECONDS": str(config.upload_expires_seconds),
            },
            "manage": originals | staging | published | generated | table | bus | origins,
        }

    def _function(
        self, name: str, *, grants: list[iam.PolicyStatement], environment: dict[str, str]
    ) -> lambda_.Function:
        config = self._config
        size = config.functions[name]
        title = name.capitalize()
        log_group = logs.LogGroup(
            self,
            f"{title}Logs",
            retention=config.log_retention,
            removal_policy=RemovalPolicy.RETAIN if config.keep_data else RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            self,
            f"{title}Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What the function {name} of image-scaler may do",
        )
        for grant in grants:
            role.add_to_policy(grant)
        role.add_to_policy(_allow(["logs:CreateLogStream", "logs:PutLogEvents"], log_group.log_group_arn))
        if self._data_key:
            role.add_to_policy(use_of(self._data_key))
        return lambda_.Function(
            self,
            title,
            architecture=_host_architecture() if config.runs_on_emulator else lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset(str(self._zips[name])),
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
            role=role,
            runtime=lambda_.Runtime.PROVIDED_AL2023 if config.runs_on_emulator else lambda_.Runtime.PYTHON_3_13,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS
            if name in API_FUNCTIONS and config.warm_start is WarmStart.SNAPSTART
            else None,
            timeout=Duration.seconds(size.timeout_seconds),
            tracing=lambda_.Tracing.ACTIVE,
        )

    def _entry_point(self, name: str, function: lambda_.Function) -> lambda_.IFunction:
        if self._config.warm_start is WarmStart.NONE:
            return function
        return lambda_.Alias(
            self,
            f"{name.capitalize()}Live",
            alias_name="live",
            version=function.current_version,
            provisioned_concurrent_executions=self._config.provisioned_concurrency or None,
        )


def use_of(data_key: kms.IKey) -> iam.PolicyStatement:
    """Return the statement that lets a role read and write what the stage's key encrypts in S3 and DynamoDB."""
    return _allow(
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


def _allow(actions: list[str], *resources: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=actions, resources=list(resources))


def _host_architecture() -> lambda_.Architecture:
    return lambda_.Architecture.ARM_64 if platform.machine() in {"aarch64", "arm64"} else lambda_.Architecture.X86_64
