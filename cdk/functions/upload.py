"""The function `upload`: registers an upload and returns a presigned form, or stores the body itself."""

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


def environment(stage: PipelineResources) -> dict[str, str]:
    """Return the destination of uploads, their limits, and the allowed origins, if any."""
    config = stage.config
    return {
        "ORIGINALS_BUCKET": stage.storage.originals.bucket_name,
        "TABLE_NAME": stage.table.table_name,
        **origins_variable(config),
        "MAX_BYTES": str(config.limits.max_bytes),
        "UPLOAD_EXPIRES_SECONDS": str(config.upload_expires_seconds),
    }


def grants(stage: PipelineResources) -> list[Grant]:
    """Return the grants to write originals and new records. A presigned form has the permissions of its signer."""
    table = stage.table.table_arn
    uploads = stage.storage.originals.arn_for_objects("uploads/*")
    return [
        allow("s3:PutObject", on=uploads, reason=IMAGE_KEYS),
        allow("dynamodb:PutItem", on=table),
        # A call with a repeated Idempotency-Key returns the status of its image.
        allow("dynamodb:GetItem", on=table, leading_keys="IMAGE#*"),
        # It may delete stored Idempotency-Keys but no image. GetItem is not needed: when DynamoDB refuses a repeated
        # write, it returns the existing item.
        allow("dynamodb:DeleteItem", "dynamodb:UpdateItem", on=table, leading_keys="idempotency#*"),
    ]


SPECIFICATION: Final = FunctionSpecification(
    name="upload",
    package=Package(
        "upload", imports=("records",), lock="functions-api.txt", bytecode=False
    ),  # pydantic's bytecode exceeds the budget
    size=Size(memory_mb=512, timeout_seconds=28),
    environment=environment,
    grants=grants,
    answers_api=True,
)
