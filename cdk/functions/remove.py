"""The function `remove`: deletes all files and lines of an image, for the state machines `remove` and `retire`."""

from typing import Final

from cdk.specification import IMAGE_KEYS, FunctionSpecification, Grant, Package, PipelineResources, Size, allow


def environment(stage: PipelineResources) -> dict[str, str]:
    """Return the four buckets and the table."""
    storage = stage.storage
    return {
        "ORIGINALS_BUCKET": storage.originals.bucket_name,
        "STAGING_BUCKET": storage.staging.bucket_name,
        "PUBLISHED_BUCKET": storage.published.bucket_name,
        "GENERATED_BUCKET": storage.generated.bucket_name,
        "TABLE_NAME": stage.table.table_name,
    }


def grants(stage: PipelineResources) -> list[Grant]:
    """Return the grants to list and delete files in all four buckets, and to reduce a record to its permanent part."""
    originals, staging = stage.storage.originals, stage.storage.staging
    published, generated = stage.storage.published, stage.storage.generated
    uploads, variants = originals.arn_for_objects("uploads/*"), generated.arn_for_objects("images/*")
    files = (staging.arn_for_objects("*"), published.arn_for_objects("*"), variants)
    actions = ("GetItem", "Query", "UpdateItem", "BatchWriteItem")
    return [
        allow("s3:DeleteObject", "s3:DeleteObjectVersion", on=uploads, reason=IMAGE_KEYS),
        allow("s3:ListBucketVersions", on=originals.bucket_arn),
        allow("s3:DeleteObject", on=files, reason=IMAGE_KEYS),
        # A variant's revision is in its metadata; a conditional delete needs this permission too.
        allow("s3:GetObject", on=variants, reason=IMAGE_KEYS),
        allow("s3:ListBucket", on=(staging.bucket_arn, published.bucket_arn, generated.bucket_arn)),
        allow(*(f"dynamodb:{action}" for action in actions), on=stage.table.table_arn),
    ]


SPECIFICATION: Final = FunctionSpecification(
    name="remove",
    package=Package("remove", imports=("records",)),
    size=Size(memory_mb=512, timeout_seconds=60),
    environment=environment,
    grants=grants,
)
