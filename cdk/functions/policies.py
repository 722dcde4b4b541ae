"""The function `policies`: stores, checks, activates and shadows moderation policies."""

from typing import Final

from cdk.specification import FunctionSpecification, Grant, Package, PipelineResources, Size, allow


def environment(stage: PipelineResources) -> dict[str, str]:
    """Return the table and the allowed origins, if any."""
    origins = stage.config.allowed_origins
    return {
        "TABLE_NAME": stage.table.table_name,
        **({"ALLOWED_ORIGINS": ",".join(origins)} if origins else {}),
    }


def grants(stage: PipelineResources) -> list[Grant]:
    """Return the grants to read and write policies, and no image."""
    actions = ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")
    policies = (f"dynamodb:{action}" for action in actions)
    return [allow(*policies, on=stage.table.table_arn, leading_keys="POLICY*")]


SPECIFICATION: Final = FunctionSpecification(
    name="policies",
    package=Package(
        "policies", imports=("policy",), lock="functions-api.txt", bytecode=False
    ),  # pydantic's bytecode exceeds the budget
    size=Size(memory_mb=512, timeout_seconds=28),
    environment=environment,
    grants=grants,
    answers_api=True,
)
