"""The function `admit`: starts an execution of `ingest` and waits for its end.

The construct Admission has the queue that invokes it.
"""

from typing import Final

from cdk.specification import FunctionSpecification, Grant, Package, PipelineResources, Size, allow


def environment(stage: PipelineResources) -> dict[str, str]:
    """Return the table."""
    return {"TABLE_NAME": stage.table.table_name}


def grants(stage: PipelineResources) -> list[Grant]:
    """Return the right to read records. Other rights come with ``starts`` and ``describes``, and with the queue."""
    return [allow("dynamodb:GetItem", on=stage.table.table_arn)]


SPECIFICATION: Final = FunctionSpecification(
    name="admit",
    package=Package("admit", imports=("records",)),
    # It does nothing but wait, so it has Lambda's least memory; a longer limit would only spare redeliveries.
    size=Size(memory_mb=128, timeout_seconds=600),
    environment=environment,
    grants=grants,
    starts=("ingest",),
    describes=("ingest",),
)
