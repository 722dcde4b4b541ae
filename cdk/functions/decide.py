"""The function `decide`: changes verdicts of images, for the state machines `review` and `rejudge`."""

from typing import Final

from cdk.specification import IMAGE_KEYS, FunctionSpecification, Grant, Package, PipelineResources, Size, allow


def environment(stage: PipelineResources) -> dict[str, str]:
    """Return the table, the buckets of uploads and of variants, and the event bus."""
    return {
        "TABLE_NAME": stage.table.table_name,
        "ORIGINALS_BUCKET": stage.storage.originals.bucket_name,
        "GENERATED_BUCKET": stage.storage.generated.bucket_name,
        "EVENT_BUS_NAME": stage.event_bus.event_bus_name,
    }


def grants(stage: PipelineResources) -> list[Grant]:
    """Return the grants to change records, and to delete variants that may no longer be served."""
    generated = stage.storage.generated
    return [
        allow("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", on=stage.table.table_arn),
        allow("s3:DeleteObject", on=generated.arn_for_objects("images/*"), reason=IMAGE_KEYS),
        allow("s3:ListBucket", on=generated.bucket_arn),
        allow("events:PutEvents", on=stage.event_bus.event_bus_arn),
    ]


SPECIFICATION: Final = FunctionSpecification(
    name="decide",
    package=Package("decide", imports=("records", "verdicts")),
    # Shorter than the wait of `retire`, which it starts before it writes the record.
    size=Size(memory_mb=512, timeout_seconds=30),
    environment=environment,
    grants=grants,
    starts=("retire",),
)
