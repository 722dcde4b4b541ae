"""The function `policies`: stores, checks, activates and shadows moderation policies, and starts rejudgements."""

from typing import Final

from cdk.specification import (
    REPORT_KEYS,
    FunctionSpecification,
    Grant,
    Package,
    PipelineResources,
    Size,
    allow,
    origins_variable,
)


def environment(stage: PipelineResources) -> dict[str, str]:
    """Return the table, the bucket of reports, and the allowed origins, if any."""
    return {
        "TABLE_NAME": stage.table.table_name,
        "REPORTS_BUCKET": stage.storage.reports.bucket_name,
        **origins_variable(stage.config),
    }


def grants(stage: PipelineResources) -> list[Grant]:
    """Return the grants to read and write policies, but no image, and to start rejudgements and read their reports."""
    actions = ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")
    policies = (f"dynamodb:{action}" for action in actions)
    reports = stage.storage.reports
    objects = (reports.arn_for_objects("manifests/*"), reports.arn_for_objects("rejudgements/*"))
    return [
        allow(*policies, on=stage.table.table_arn, leading_keys="POLICY*"),
        allow("s3:GetObject", on=objects, reason=REPORT_KEYS),
        allow("s3:PutObject", on=reports.arn_for_objects("rejudgements/*"), reason=REPORT_KEYS),
        allow("s3:ListBucket", on=reports.bucket_arn),
    ]


SPECIFICATION: Final = FunctionSpecification(
    name="policies",
    package=Package(
        "policies", imports=("policy",), lock="functions-api.txt", bytecode=False
    ),  # pydantic's bytecode exceeds the budget
    size=Size(memory_mb=512, timeout_seconds=28),
    environment=environment,
    grants=grants,
    answers_api=True,
    starts=("rejudge",),
    describes=("rejudge",),
)
