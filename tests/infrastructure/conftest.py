"""Each stage is synthesized once a session, without an AWS account; tests read the templates as plain documents."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cdk.app import add_stacks
from cdk.config import STAGES, CommonVariants, StageConfig, ViewerAccess, WarmStart, Webhook
from cdk.functions import SPECIFICATIONS
from cdk.packaging import ROOT, Arch, build_all
from cdk.signing_keys import SigningKeys, TrustedKey
from functions.shared.options import Delivery
from functions.shared.variant import Sizes

ORIGIN = "https://app.example"
EVERY_OPTION = replace(
    STAGES["prod"],
    name="options",
    kms=True,
    warm_start=WarmStart.PROVISIONED,
    provisioned_concurrency=2,
    allowed_origins=(ORIGIN,),
    keep_metadata=("copyright",),
    prewarm=CommonVariants(widths=(640, 1080), formats=("avif", "webp")),
    rekognition_adapter="arn:aws:rekognition:eu-central-1:123456789012:project/photos/version/v3/1699999999999",
    alarm_email="operator@example.org",
    cold_originals_days=30,
    webhooks=(
        Webhook("app", "https://app.example/webhooks"),
        Webhook("shop", "https://shop.example/", events=("image.blocked", "image.in_review"), tenant="acme"),
    ),
    firewall_rule_versions={"AWSManagedRulesCommonRuleSet": "Version_1.19"},
)
"""A stage with everything switched on that the shipped stages leave off."""
OTHER_WAY = replace(
    STAGES["dev"],
    name="other",
    warm_start=WarmStart.SNAPSTART,
    delivery=Delivery.V1,
    sizes=Sizes.EXACT,
    viewer_access=ViewerAccess.PUBLIC,
    ipv6=False,
    allowed_origins=("*",),
    max_moderation_views=100,
)
"""A stage that takes the other side of every choice."""
CONFIGS = {config.name: config for config in (*STAGES.values(), EVERY_OPTION, OTHER_WAY)}


@dataclass(frozen=True)
class Synthesized:
    """One stage's cloud assembly: its directory, and both stacks' templates by name."""

    config: StageConfig
    directory: Path
    pipeline: dict[str, Any]
    edge: dict[str, Any]

    def resources(self, kind: str) -> dict[str, Any]:
        """Return the Pipeline's resources of one CloudFormation type by logical id."""
        return {
            logical_id: resource
            for logical_id, resource in self.pipeline["Resources"].items()
            if resource["Type"] == kind
        }

    def properties(self, kind: str) -> list[dict[str, Any]]:
        """Return the properties of the Pipeline's resources of one type."""
        return [resource.get("Properties", {}) for resource in self.resources(kind).values()]

    def mapping_of(self, name: str) -> dict[str, Any]:
        """Return the properties of the mapping from a queue to a function."""
        (found,) = (
            mapping
            for mapping in self.properties("AWS::Lambda::EventSourceMapping")
            if mapping["FunctionName"] == {"Ref": self.function_id(name)}
        )
        return found

    def queue_of(self, name: str) -> str:
        """Return the logical id of the queue that a function takes messages from."""
        return str(self.mapping_of(name)["EventSourceArn"]["Fn::GetAtt"][0])

    def function_id(self, name: str) -> str:
        """Return the logical id of a function by its name."""
        (logical_id,) = (
            logical_id
            for logical_id, resource in self.resources("AWS::Lambda::Function").items()
            if resource["Properties"]["Handler"] == SPECIFICATIONS[name].handler
        )
        return logical_id


def signing_keys() -> SigningKeys:
    """Return two keys for viewers and one for the API."""
    pems = [
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
        for _ in range(3)
    ]
    old, new, control = (TrustedKey.from_pem(pem, "a test's key") for pem in pems)
    return SigningKeys(viewers=(old, new), control=(control,))


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Synthesized]:
    """Return a function that synthesizes a stage by name: local, dev, prod, options or other."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"]

    @cache
    def synthesized(name: str) -> Synthesized:
        config = CONFIGS[name]
        directory = tmp_path_factory.mktemp(name)
        app = App(context=context, outdir=str(directory))
        zips = build_all(Arch.HOST if config.runs_on_emulator else Arch.ARM64)
        pipeline, edge = add_stacks(app, config, zips, signing_keys())
        assembly = app.synth()
        return Synthesized(
            config=config,
            directory=directory,
            pipeline=assembly.get_stack_by_name(pipeline.stack_name).template,
            edge=assembly.get_stack_by_name(edge.stack_name).template,
        )

    return synthesized
