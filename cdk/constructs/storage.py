"""The buckets: originals, staged files without a verdict, published files, generated variants, and reports.

CloudFormation chooses the physical names, so that a rename cannot collide; cdk/names.py pins the logical ids.
"""

from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk import names
from cdk.config import StageConfig
from cdk.constructs.resource import resource_of
from functions.shared.keys import REJECTED_TAG, REJECTED_TAG_VALUE
from functions.shared.limits import MAX_BODY_BYTES
from functions.shared.options import Refine

REPORT_DAYS: Final = 30
"""Days for which manifests and reports of rejudgements are kept. They contain ids of images, and no labels of one."""


class Storage(Construct):
    """Buckets of a stage. ``data_key`` encrypts them when given, S3's own key otherwise."""

    def __init__(self, scope: Construct, construct_id: str, *, config: StageConfig, data_key: kms.IKey | None) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self._data_key = data_key
        self.originals = self._originals()
        self.staging = self._bucket(
            names.STAGING_BUCKET,
            lifecycle_rules=[_expire("staging", days=config.staging_days)],
        )
        self.published = self._bucket(names.PUBLISHED_BUCKET)
        self.generated = self._bucket(
            names.GENERATED_BUCKET,
            # No request can generate a larger variant again: it stays until the image is removed or replaced.
            lifecycle_rules=[
                _expire("generated", days=config.generated_days, smaller_than_bytes=MAX_BODY_BYTES + 1),
            ],
        )
        if config.refines is not Refine.OFF:
            _send_events(self.generated)
        self.reports = self._bucket(names.REPORTS_BUCKET, lifecycle_rules=[_expire("reports", days=REPORT_DAYS)])
        self._let_cloudfront_read_generated()

    def _originals(self) -> s3.Bucket:
        config = self._config
        bucket = self._bucket(
            names.ORIGINALS_BUCKET,
            versioned=True,
            lifecycle_rules=[
                _expire("rejected", days=config.rejected_days, tag_filters={REJECTED_TAG: REJECTED_TAG_VALUE}),
                s3.LifecycleRule(
                    id="noncurrent-versions",
                    noncurrent_version_expiration=Duration.days(config.noncurrent_days),
                    expired_object_delete_marker=True,
                ),
                *_colder(config.cold_originals_days),
            ],
            cors=[
                s3.CorsRule(
                    allowed_methods=[s3.HttpMethods.PUT, s3.HttpMethods.POST],
                    allowed_origins=list(config.allowed_origins),
                    allowed_headers=["*"],
                    exposed_headers=["ETag"],
                    max_age=3600,
                )
            ]
            if config.allowed_origins
            else None,
        )
        _send_events(bucket)
        return bucket

    def _bucket(
        self,
        logical_id: str,
        *,
        versioned: bool = False,
        lifecycle_rules: list[s3.LifecycleRule] | None = None,
        cors: list[s3.CorsRule] | None = None,
    ) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            logical_id,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            bucket_key_enabled=True if self._data_key else None,
            cors=cors,
            encryption=s3.BucketEncryption.KMS if self._data_key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=self._data_key,
            enforce_ssl=self._config.enforce_tls,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="unfinished-multipart-uploads", abort_incomplete_multipart_upload_after=Duration.days(1)
                ),
                *(lifecycle_rules or ()),
            ],
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=self._config.data_removal_policy,
            versioned=versioned,
        )
        resource_of(bucket, s3.CfnBucket).override_logical_id(logical_id)
        return bucket

    def _let_cloudfront_read_generated(self) -> None:
        """Allow this account's distributions through origin access control, so that Pipeline does not depend on Edge.

        ListBucket is not granted: a missing variant is a 403, which the edge treats as a miss. The account is part of
        the pattern: AWS documents that a request by origin access control names its distribution, but does not mention
        aws:SourceAccount. If it is not sent, a condition on it would turn every read into a miss.
        """
        stack = Stack.of(self)
        distributions = stack.format_arn(service="cloudfront", region="", resource="distribution", resource_name="*")
        conditions = {"ArnLike": {"aws:SourceArn": distributions}}
        cloudfront = iam.ServicePrincipal("cloudfront.amazonaws.com")
        self.generated.add_to_resource_policy(
            iam.PolicyStatement(
                sid="CloudFrontReadsVariants",
                principals=[cloudfront],
                actions=["s3:GetObject"],
                resources=[self.generated.arn_for_objects("images/*")],
                conditions=conditions,
            )
        )
        if self._data_key:
            self._data_key.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="CloudFrontDecryptsVariants",
                    principals=[cloudfront],
                    actions=["kms:Decrypt"],
                    resources=["*"],
                    conditions=conditions,
                )
            )


def _colder(days: int | None) -> list[s3.LifecycleRule]:
    """Return the rule that moves originals to a colder storage class that is readable at once, if there is one."""
    if days is None:
        return []
    transition = s3.Transition(
        storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, transition_after=Duration.days(days)
    )
    return [s3.LifecycleRule(id="cold-originals", transitions=[transition])]


def _send_events(bucket: s3.Bucket) -> None:
    """Send the bucket's events to EventBridge.

    The L2's event_bridge_enabled is a custom resource (a Node function); this property does the same.
    """
    resource_of(bucket, s3.CfnBucket).notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
    )


def _expire(
    rule: str, *, days: int, tag_filters: dict[str, str] | None = None, smaller_than_bytes: int | None = None
) -> s3.LifecycleRule:
    return s3.LifecycleRule(
        id=rule,
        expiration=Duration.days(days),
        tag_filters=tag_filters,
        object_size_less_than=smaller_than_bytes,
    )
