"""The functions of uploads, requests and removals, each with a role of its own that may do exactly what its code does.

The grants stand in one place, by function, so that a reader sees who may touch what; a test holds the same table.
Every ARN is one resource or one prefix. ListBucket and its kin name the bucket, with the prefix as a condition where
the function knows it beforehand.
"""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from cdk import names
from cdk.allocation import KEEP_FREED_MEMORY
from cdk.config import StageConfig, WarmStart
from cdk.constructs.function import ScopedFunction, allow, use_of
from cdk.constructs.storage import Storage
from cdk.constructs.table import LISTING_INDEX

API_FUNCTIONS = ("serve", "upload", "manage")
"""The functions that somebody waits for: only these are kept warm."""

UPLOADS = "uploads/*"


def serve_environment(config: StageConfig, *, storage: Storage, table: dynamodb.Table) -> dict[str, str]:
    """Return the variables by which variants are made, on request or before."""
    return {
        "PUBLISHED_BUCKET": storage.published.bucket_name,
        "GENERATED_BUCKET": storage.generated.bucket_name,
        "TABLE_NAME": table.table_name,
        "DELIVERY": config.delivery,
        "SIZES": config.sizes,
        "S_MAXAGE_SECONDS": str(config.shared_max_age_seconds),
        "MAX_AGE_SECONDS": str(config.browser_max_age_seconds),
    } | KEEP_FREED_MEMORY


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
        self._storage = storage
        self._table = table
        self._event_bus = event_bus
        grants = self._grants()
        environments = self._environments()
        key_use = [use_of(data_key)] if data_key else []
        self.by_name: dict[str, lambda_.Function] = {
            name: ScopedFunction(
                self,
                name.capitalize(),
                config=config,
                name=name,
                size=config.functions[name],
                code=zips[name],
                environment=environments[name],
                grants=[*grants[name], *key_use],
                snap_start=name in API_FUNCTIONS and config.warm_start is WarmStart.SNAPSTART,
            ).function
            for name in names.FUNCTIONS
        }
        self.entry_points: dict[str, lambda_.IFunction] = {
            name: self._entry_point(name, self.by_name[name]) for name in API_FUNCTIONS
        }

    def _grants(self) -> dict[str, list[iam.PolicyStatement]]:
        """Return what each function may do beyond writing its own log."""
        originals, staging = self._storage.originals, self._storage.staging
        published, generated = self._storage.published, self._storage.generated
        table, index = self._table.table_arn, f"{self._table.table_arn}/index/{LISTING_INDEX}"
        announce = allow(["events:PutEvents"], self._event_bus.event_bus_arn)
        return {
            "optimize": [
                allow(["s3:GetObject", "s3:PutObjectVersionTagging"], originals.arn_for_objects(UPLOADS)),
                allow(["s3:PutObject"], staging.arn_for_objects("*")),
            ],
            "moderate": [
                # Rekognition reads the proxy from S3 with the caller's rights.
                allow(["s3:GetObject"], staging.arn_for_objects("*")),
                # This action knows no resources: IAM takes nothing but * here.
                allow(["rekognition:DetectModerationLabels"], "*"),
            ],
            "blur": [allow(["s3:GetObject", "s3:PutObject"], staging.arn_for_objects("*"))],
            "persist": [
                allow(["s3:GetObject", "s3:DeleteObject"], staging.arn_for_objects("*")),
                allow(["s3:PutObject", "s3:DeleteObject"], published.arn_for_objects("*")),
                allow(["s3:DeleteObject"], generated.arn_for_objects("images/*")),
                allow(["s3:ListBucket"], staging.bucket_arn, published.bucket_arn, generated.bucket_arn),
                allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], table),
                announce,
            ],
            "serve": [
                allow(["s3:GetObject"], published.arn_for_objects("*")),
                allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], generated.arn_for_objects("images/*")),
                allow(["dynamodb:GetItem"], table),
            ],
            "upload": [
                # It signs uploads with its own rights, and puts direct ones itself.
                allow(["s3:PutObject"], originals.arn_for_objects(UPLOADS)),
                allow(["dynamodb:PutItem"], table),
                # A repeated Idempotency-Key answers with the status of its image.
                iam.PolicyStatement(
                    actions=["dynamodb:GetItem"],
                    resources=[table],
                    conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["IMAGE#*"]}},
                ),
                # The memory of Idempotency-Keys, and nothing else: an uploader holds no right to delete an image.
                # Without GetItem: DynamoDB's refusal of a repeated write brings the item that stood in its way.
                iam.PolicyStatement(
                    actions=["dynamodb:DeleteItem", "dynamodb:UpdateItem"],
                    resources=[table],
                    conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["idempotency#*"]}},
                ),
            ],
            "manage": [  # and to start a removal: see start_removals
                allow(
                    [
                        "dynamodb:GetItem",
                        "dynamodb:Query",
                        "dynamodb:PutItem",
                        "dynamodb:UpdateItem",
                        "dynamodb:DeleteItem",
                    ],
                    table,
                ),
                allow(["dynamodb:Query"], index),
            ],
            "remove": [
                allow(["s3:DeleteObject", "s3:DeleteObjectVersion"], originals.arn_for_objects(UPLOADS)),
                allow(["s3:ListBucketVersions"], originals.bucket_arn),
                allow(
                    ["s3:DeleteObject"],
                    staging.arn_for_objects("*"),
                    published.arn_for_objects("*"),
                    generated.arn_for_objects("images/*"),
                ),
                # The revision of a variant is in its metadata, and a delete with a condition takes this right too.
                allow(["s3:GetObject"], generated.arn_for_objects("images/*")),
                allow(["s3:ListBucket"], staging.bucket_arn, published.bucket_arn, generated.bucket_arn),
                allow(
                    ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"],
                    table,
                ),
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
        views = {"MAX_MODERATION_VIEWS": str(config.max_moderation_views)}
        kept = {"KEEP_METADATA": ",".join(config.keep_metadata)} if config.keep_metadata else {}
        return {
            "optimize": staging | config.limits.as_environment() | views | kept,
            "moderate": staging,
            "blur": staging | {"BLUR": config.blur_name},
            "persist": staging | published | generated | table | bus,
            "serve": serve_environment(config, storage=self._storage, table=self._table),
            "upload": originals
            | table
            | origins
            | {
                "MAX_BYTES": str(config.limits.max_bytes),
                "UPLOAD_EXPIRES_SECONDS": str(config.upload_expires_seconds),
            },
            "manage": table | origins,
            "remove": originals | staging | published | generated | table,
        }

    def start_removals(self, remove: sfn.StateMachine) -> None:
        """Let `manage` start executions of the state machine `remove`, and see whether one runs."""
        manage = self.by_name["manage"]
        manage.add_environment("REMOVE_STATE_MACHINE_ARN", remove.state_machine_arn)
        executions = Stack.of(self).format_arn(
            service="states",
            resource="execution",
            resource_name=f"{remove.state_machine_name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        manage.add_to_role_policy(allow(["states:StartExecution"], remove.state_machine_arn))
        manage.add_to_role_policy(allow(["states:DescribeExecution"], executions))

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
