"""The distribution's access logs, without query strings: they contain signatures, and a control signature can delete.

Legacy logging always writes the query string. Standard logging v2 has a list of fields, but its three resources exist
only in us-east-1, whatever the stage's region, so AWS API calls create them there.
"""

from typing import Any, Final

from aws_cdk import Duration, RemovalPolicy, Stack, custom_resources
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk import names
from cdk.config import StageConfig
from cdk.constructs.resource import resource_of

LOGS_REGION: Final = "us-east-1"

FIELDS: Final = (
    *("date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(Host)", "cs-uri-stem", "sc-status"),
    *("cs(User-Agent)", "x-edge-result-type", "x-edge-request-id", "cs-protocol", "cs-bytes", "time-taken"),
    *("ssl-protocol", "x-edge-response-result-type", "cs-protocol-version", "time-to-first-byte"),
    *("x-edge-detailed-result-type", "sc-content-type", "sc-content-len"),
)
"""A line's fields. Excludes cs-uri-query and cs(Cookie), which hold signatures, and cs(Referer), which may hold a
URL."""


class AccessLogs(Construct):
    """The log bucket, and the delivery to it on a real stage. ``bucket`` keeps logs for ``edge_log_days``."""

    def __init__(
        self, scope: Construct, construct_id: str, *, config: StageConfig, distribution: cloudfront.Distribution
    ) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=config.enforce_tls,
            lifecycle_rules=[s3.LifecycleRule(id="old-logs", expiration=Duration.days(config.edge_log_days))],
            removal_policy=config.data_removal_policy,
        )
        resource_of(self.bucket, s3.CfnBucket).override_logical_id(names.EDGE_LOGS_BUCKET)
        if config.runs_on_emulator:  # its CloudFront serves no requests
            return
        stack = Stack.of(self)
        name = f"{names.stack_name(config.name, 'Edge')}-{stack.region}"
        self._let_logs_be_delivered(name)
        self._log_group = logs.LogGroup(
            self, "CallsLogs", retention=config.log_retention, removal_policy=RemovalPolicy.DESTROY
        )
        distribution_arn = stack.format_arn(
            service="cloudfront", region="", resource="distribution", resource_name=distribution.distribution_id
        )
        self._policy = custom_resources.AwsCustomResourcePolicy.from_statements(
            [
                # One statement: AWS's tables disagree on which of the three resources some of these calls need.
                iam.PolicyStatement(
                    actions=[
                        *(f"logs:{call}DeliverySource" for call in ("Put", "Get", "Delete")),
                        *(f"logs:{call}DeliveryDestination" for call in ("Put", "Get", "Delete")),
                        *(f"logs:{call}Delivery" for call in ("Create", "Get", "Delete")),
                    ],
                    resources=[
                        self._arn("delivery-source", name),
                        self._arn("delivery-destination", name),
                        self._arn("delivery", "*"),  # the call generates its id
                    ],
                ),
                iam.PolicyStatement(
                    actions=["cloudfront:AllowVendedLogDeliveryForResource"], resources=[distribution_arn]
                ),
            ]
        )
        source = self._call(
            "Source",
            create=("PutDeliverySource", {"name": name, "resourceArn": distribution_arn, "logType": "ACCESS_LOGS"}),
            delete=("DeleteDeliverySource", {"name": name}),
            physical_id=custom_resources.PhysicalResourceId.of(name),
        )
        destination = self._call(
            "Destination",
            create=(
                "PutDeliveryDestination",
                {
                    "name": name,
                    "outputFormat": "w3c",
                    "deliveryDestinationConfiguration": {"destinationResourceArn": self.bucket.bucket_arn},
                },
            ),
            delete=("DeleteDeliveryDestination", {"name": name}),
            physical_id=custom_resources.PhysicalResourceId.of(name),
        )
        delivery = self._call(
            "Delivery",
            create=(
                "CreateDelivery",
                {
                    "deliverySourceName": name,
                    "deliveryDestinationArn": self._arn("delivery-destination", name),
                    "recordFields": list(FIELDS),
                },
            ),
            delete=("DeleteDelivery", {"id": custom_resources.PhysicalResourceIdReference()}),
            physical_id=custom_resources.PhysicalResourceId.from_response("delivery.id"),
        )
        delivery.node.add_dependency(source, destination)
        destination.node.add_dependency(self.bucket)

    def _let_logs_be_delivered(self, name: str) -> None:
        """Allow exactly this delivery to write; otherwise the call itself would have to change the bucket's policy."""
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LogDelivery",
                principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[self.bucket.arn_for_objects("*")],
                conditions={
                    "StringEquals": {
                        "aws:SourceAccount": Stack.of(self).account,
                        "s3:x-amz-acl": "bucket-owner-full-control",
                    },
                    "ArnLike": {"aws:SourceArn": self._arn("delivery-source", name)},
                },
            )
        )

    def _call(
        self,
        title: str,
        *,
        create: tuple[str, dict[str, Any]],
        delete: tuple[str, dict[str, Any]],
        physical_id: custom_resources.PhysicalResourceId,
    ) -> custom_resources.AwsCustomResource:
        """Return a resource that calls to CloudWatch Logs in us-east-1 create and delete."""
        return custom_resources.AwsCustomResource(
            self,
            title,
            install_latest_aws_sdk=False,  # the runtime's SDK has these calls, so a deployment downloads nothing
            log_group=self._log_group,
            on_create=custom_resources.AwsSdkCall(
                service="CloudWatchLogs",
                action=create[0],
                parameters=create[1],
                physical_resource_id=physical_id,
                region=LOGS_REGION,
            ),
            on_delete=custom_resources.AwsSdkCall(
                service="CloudWatchLogs",
                action=delete[0],
                parameters=delete[1],
                ignore_error_codes_matching="ResourceNotFoundException",
                region=LOGS_REGION,
            ),
            policy=self._policy,
            resource_type=f"Custom::AccessLog{title}",
            timeout=Duration.minutes(2),
        )

    def _arn(self, kind: str, name: str) -> str:
        stack = Stack.of(self)
        return f"arn:{stack.partition}:logs:{LOGS_REGION}:{stack.account}:{kind}:{name}"
