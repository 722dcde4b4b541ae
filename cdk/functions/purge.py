"""The function `purge`: invalidates images in the edge's caches. The construct Purge has the queues that invoke it."""

from typing import Final

from cdk.specification import EdgeResources, FunctionSpecification, Grant, Package, Size, allow


def environment(stage: EdgeResources) -> dict[str, str]:
    """Return the distribution."""
    return {"DISTRIBUTION_ID": stage.distribution.distribution_id}


def grants(stage: EdgeResources) -> list[Grant]:
    """Return the grant to invalidate."""
    return [allow("cloudfront:CreateInvalidation", on=stage.distribution_arn)]


SPECIFICATION: Final = FunctionSpecification(
    name="purge",
    package=Package("purge"),
    size=Size(memory_mb=256, timeout_seconds=30),
    environment=environment,
    grants=grants,
    has_own_construct=True,
)
