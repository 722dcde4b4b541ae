"""The function `sweep`: finds images that got stuck, and settles or restarts them.

The construct Sweep has the schedule that invokes it.
"""

from typing import Final

from cdk.specification import (
    FunctionAlarm,
    FunctionMetric,
    FunctionSpecification,
    Grant,
    Package,
    PipelineResources,
    Size,
    allow,
)
from functions.shared.keys import SELECTOR_INDEX


def environment(stage: PipelineResources) -> dict[str, str]:
    """Return the table and the bucket of originals."""
    return {"TABLE_NAME": stage.table.table_name, "ORIGINALS_BUCKET": stage.storage.originals.bucket_name}


def grants(stage: PipelineResources) -> list[Grant]:
    """Return the rights to list uploads and to read records."""
    return [
        allow("s3:ListBucket", "s3:ListBucketVersions", on=stage.storage.originals.bucket_arn),
        allow("dynamodb:BatchGetItem", on=stage.table.table_arn),
        allow("dynamodb:Query", on=f"{stage.table.table_arn}/index/{SELECTOR_INDEX}"),
    ]


SPECIFICATION: Final = FunctionSpecification(
    name="sweep",
    package=Package("sweep", imports=("records",)),
    size=Size(memory_mb=512, timeout_seconds=300),
    environment=environment,
    grants=grants,
    starts=("settle", "review"),
    describes=("ingest",),
    alarms=(
        # A failed run is repeated twice within minutes; the next one is due half an hour later.
        FunctionAlarm("SweepFailed", FunctionMetric.ERRORS, "The function sweep failed repeatedly", threshold=2),
    ),
)
