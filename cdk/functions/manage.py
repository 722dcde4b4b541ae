"""The function `manage`: lists, reads, removes and resumes images."""

from typing import Final

from cdk.specification import FunctionSpecification, Grant, Package, PipelineResources, Size, allow
from functions.shared.keys import LISTING_INDEX


def environment(stage: PipelineResources) -> dict[str, str]:
    """Return the table, the bucket of the uploads that it resumes, and the allowed origins, if any."""
    origins = stage.config.allowed_origins
    return {
        "TABLE_NAME": stage.table.table_name,
        "ORIGINALS_BUCKET": stage.storage.originals.bucket_name,
        **({"ALLOWED_ORIGINS": ",".join(origins)} if origins else {}),
    }


def grants(stage: PipelineResources) -> list[Grant]:
    """Return the grants to read, list and change records."""
    actions = ("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem")
    return [
        allow(*(f"dynamodb:{action}" for action in actions), on=stage.table.table_arn),
        allow("dynamodb:Query", on=f"{stage.table.table_arn}/index/{LISTING_INDEX}"),
    ]


SPECIFICATION: Final = FunctionSpecification(
    name="manage",
    package=Package(
        "manage", imports=("records",), lock="functions-api.txt", bytecode=False
    ),  # pydantic's bytecode exceeds the budget
    size=Size(memory_mb=512, timeout_seconds=28),
    environment=environment,
    grants=grants,
    answers_api=True,
    starts=("remove",),
    describes=("remove",),
)
