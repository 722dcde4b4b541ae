"""A stage's resources by plain names, to read a function's specification without synthesizing a template."""

from types import SimpleNamespace

from cdk.config import STAGES
from cdk.functions import SPECIFICATIONS
from cdk.specification import EdgeResources, PipelineResources

EDGE_FUNCTIONS = {"purge", "rotate"}
"""The functions of the Edge stack; all others are in the Pipeline stack."""


def granted(name: str) -> set[str]:
    """Return the grants of a function's specification as "action resource", as policies.py spells them."""
    specification = SPECIFICATIONS[name]
    return {
        f"{action} {resource}{f' where dynamodb:LeadingKeys {grant.leading_keys}' if grant.leading_keys else ''}"
        for grant in specification.grants(EDGE if name in EDGE_FUNCTIONS else PIPELINE)
        for action in grant.actions
        for resource in grant.resources
    }


def _bucket(name: str) -> SimpleNamespace:
    arn = f"{name}.Arn"
    return SimpleNamespace(bucket_name=name, bucket_arn=arn, arn_for_objects=lambda pattern: f"{arn}/{pattern}")


PIPELINE = PipelineResources(
    config=STAGES["prod"],
    storage=SimpleNamespace(
        originals=_bucket("Originals"),
        staging=_bucket("Staging"),
        published=_bucket("Published"),
        generated=_bucket("Generated"),
        reports=_bucket("Reports"),
    ),
    table=SimpleNamespace(table_name="Records", table_arn="Records.Arn"),
    event_bus=SimpleNamespace(event_bus_name="Bus", event_bus_arn="Bus.Arn"),
    data_key=None,
)
EDGE = EdgeResources(
    config=STAGES["prod"],
    distribution=SimpleNamespace(
        distribution_id="Distribution",
        stack=SimpleNamespace(format_arn=lambda *, resource_name, **_: f"{resource_name}.Arn"),
    ),
    secret=SimpleNamespace(secret_arn="Secret"),
    accepted_values=SimpleNamespace(attr_id="Values.Id", attr_arn="Values.Arn"),
    api_url="https://api.example/live",
)
