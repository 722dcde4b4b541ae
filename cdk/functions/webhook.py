"""The function `webhook`: delivers events over HTTPS. The construct Webhooks has its queues, rules and secrets."""

from typing import Final

from cdk.specification import FunctionSpecification, Package, PipelineResources, Size


def environment(_: PipelineResources) -> dict[str, str]:
    """Return nothing: the construct adds the webhooks, with their queues and secrets."""
    return {}


SPECIFICATION: Final = FunctionSpecification(
    name="webhook",
    package=Package("webhook", lock="functions-webhook.txt"),
    # The time limit of a delivery is 15 s (functions/webhook/connection.py); resolving a name comes on top.
    size=Size(memory_mb=512, timeout_seconds=60),
    environment=environment,
    grants=lambda _: [],
    has_own_construct=True,
    is_deployed=lambda config: bool(config.webhooks),
)
