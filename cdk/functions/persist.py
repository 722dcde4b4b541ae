"""The function `persist`: publishes a moderated image and records its status."""

from typing import Final

from cdk.specification import IMAGE_KEYS, FunctionSpecification, Grant, Package, PipelineResources, Size, allow


def environment(stage: PipelineResources) -> dict[str, str]:
    """Return the buckets between which it moves files, the table and the event bus."""
    return {
        "STAGING_BUCKET": stage.storage.staging.bucket_name,
        "PUBLISHED_BUCKET": stage.storage.published.bucket_name,
        "GENERATED_BUCKET": stage.storage.generated.bucket_name,
        "TABLE_NAME": stage.table.table_name,
        "EVENT_BUS_NAME": stage.event_bus.event_bus_name,
    }


def grants(stage: PipelineResources) -> list[Grant]:
    """Return the grants to move files from staging to published, delete stale ones, write records and publish
    events."""
    staging, published, generated = stage.storage.staging, stage.storage.published, stage.storage.generated
    return [
        allow("s3:GetObject", "s3:DeleteObject", on=staging.arn_for_objects("*"), reason=IMAGE_KEYS),
        allow("s3:PutObject", "s3:DeleteObject", on=published.arn_for_objects("*"), reason=IMAGE_KEYS),
        allow("s3:DeleteObject", on=generated.arn_for_objects("images/*"), reason=IMAGE_KEYS),
        allow("s3:ListBucket", on=(staging.bucket_arn, published.bucket_arn, generated.bucket_arn)),
        allow("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", on=stage.table.table_arn),
        allow("events:PutEvents", on=stage.event_bus.event_bus_arn),
    ]


SPECIFICATION: Final = FunctionSpecification(
    name="persist",
    package=Package("persist", imports=("records",)),
    size=Size(memory_mb=512, timeout_seconds=60),
    environment=environment,
    grants=grants,
    writes_files=True,
    starts=("retire",),
)
