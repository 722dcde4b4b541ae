"""The function `manage`: reads, lists, removes and resumes images, and changes focal points, holds and verdicts."""

from typing import Final

from cdk.specification import (
    IMAGE_KEYS,
    FunctionSpecification,
    Grant,
    Package,
    PipelineResources,
    Size,
    allow,
    origins_variable,
)
from functions.shared.keys import SELECTOR_INDEX


def environment(stage: PipelineResources) -> dict[str, str]:
    """Return the table, the buckets of uploads and of variants, the event bus, and the allowed origins, if any."""
    return {
        "TABLE_NAME": stage.table.table_name,
        "ORIGINALS_BUCKET": stage.storage.originals.bucket_name,
        "GENERATED_BUCKET": stage.storage.generated.bucket_name,
        "EVENT_BUS_NAME": stage.event_bus.event_bus_name,
        **origins_variable(stage.config),
    }


def grants(stage: PipelineResources) -> list[Grant]:
    """Return the grants to read, list and change records, to keep originals, and to delete and announce variants that
    are stale."""
    originals, generated = stage.storage.originals, stage.storage.generated
    actions = ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem")
    return [
        allow(*(f"dynamodb:{action}" for action in actions), on=stage.table.table_arn),
        allow("dynamodb:Query", on=f"{stage.table.table_arn}/index/{SELECTOR_INDEX}"),
        allow("s3:DeleteObject", on=generated.arn_for_objects("images/*"), reason=IMAGE_KEYS),
        allow("s3:ListBucket", on=generated.bucket_arn),
        # A legal hold locks every version of an original; the first one enables Object Lock for the bucket.
        allow("s3:ListBucketVersions", "s3:PutBucketObjectLockConfiguration", on=originals.bucket_arn),
        allow("s3:PutObjectLegalHold", on=originals.arn_for_objects("uploads/*"), reason=IMAGE_KEYS),
        allow("events:PutEvents", on=stage.event_bus.event_bus_arn),
    ]


SPECIFICATION: Final = FunctionSpecification(
    name="manage",
    package=Package(
        "manage", imports=("records", "verdicts"), lock="functions-api.txt", bytecode=False
    ),  # pydantic's bytecode exceeds the budget
    size=Size(memory_mb=512, timeout_seconds=28),
    environment=environment,
    grants=grants,
    answers_api=True,
    starts=("remove", "retire"),
    describes=("remove",),
)
