"""The function `survey`: judges stored labels again, and keeps manifests and reports, for the state machine rejudge."""

from typing import Final

from cdk.specification import (
    REPORT_KEYS,
    FunctionSpecification,
    Grant,
    Package,
    PipelineResources,
    Size,
    allow,
)
from functions.shared.keys import LISTING_INDEX


def environment(stage: PipelineResources) -> dict[str, str]:
    """Return the table and the bucket of reports."""
    return {"TABLE_NAME": stage.table.table_name, "REPORTS_BUCKET": stage.storage.reports.bucket_name}


def grants(stage: PipelineResources) -> list[Grant]:
    """Return the grants to read records, labels and policies, and to keep manifests and reports."""
    reports = stage.storage.reports
    objects = (reports.arn_for_objects("manifests/*"), reports.arn_for_objects("rejudgements/*"))
    return [
        allow("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", on=stage.table.table_arn),
        allow("dynamodb:Query", on=f"{stage.table.table_arn}/index/{LISTING_INDEX}"),
        allow("s3:GetObject", "s3:PutObject", on=objects, reason=REPORT_KEYS),
        allow("s3:ListBucket", on=reports.bucket_arn),
    ]


SPECIFICATION: Final = FunctionSpecification(
    name="survey",
    package=Package("survey", imports=("policy",)),
    # It judges thousands of images in a call; a vCPU comes with 1,769 MB.
    size=Size(memory_mb=1769, timeout_seconds=300),
    environment=environment,
    grants=grants,
)
