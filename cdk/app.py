"""The CDK app: the stacks Pipeline and Edge of a stage. `cdk.json` runs it; select a stage with `-c stage=dev`.

It packages the functions first, so that a synth on a fresh clone needs no other command. Several stages, separated by
commas, are written to one cloud assembly.
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from aws_cdk import App, Tags

from cdk import nag, names
from cdk.config import ConfigError, StageConfig, stage_config
from cdk.edge_functions import EdgeFunctionError
from cdk.edge_stack import EdgeStack
from cdk.functions import SPECIFICATIONS
from cdk.packaging import ROOT, Arch, PackagingError, build_all
from cdk.pipeline_stack import PipelineStack
from cdk.signing_keys import SigningKeys
from functions.shared.options import DetectorName
from functions.shared.webhooks import WebhookAddress

UNTAGGED: Final = ["AWS::CloudFront::Function", "aws:cdk:stack"]
"""A retried CreateFunction with tags returns 409. CloudFormation copies a stack's tags to all of its resources, so the
stacks have none."""


def add_stacks(
    app: App, config: StageConfig, zips: Mapping[str, Path], keys: SigningKeys
) -> tuple[PipelineStack, EdgeStack]:
    """Add both stacks of a stage to the app; cdk-nag checks those of real stages.

    Raises ConfigError if a stage sets the size of an unknown function, or if a real stage has one key in both groups;
    local stages share one key.
    """
    if unknown := set(config.functions) - set(SPECIFICATIONS):
        raise ConfigError(f"stage {config.name} sets the size of unknown functions: {', '.join(sorted(unknown))}")
    if not config.runs_on_emulator:
        keys.check_apart()
    pipeline = PipelineStack(
        app,
        names.stack_name(config.name, "Pipeline"),
        description="image-scaler: from an upload to a served image",
        config=config,
        zips=zips,
    )
    edge = EdgeStack(
        app,
        names.stack_name(config.name, "Edge"),
        description="image-scaler: CloudFront, WAF and signatures in front of the pipeline",
        config=config,
        keys=keys,
        api_stage=pipeline.api.stage,
        entry_points=pipeline.functions.entry_points,
        generated_bucket=pipeline.storage.generated,
        event_bus=pipeline.event_bus,
        alarm_action=pipeline.operations.alarm_action,
        zips=zips,
    )
    for stack in (pipeline, edge):
        Tags.of(stack).add("image-scaler:stage", config.name, exclude_resource_types=UNTAGGED)
    if not config.runs_on_emulator:
        nag.check(app)
        nag.accept_in_pipeline(pipeline)
        nag.accept_in_edge(edge)
    return pipeline, edge


def _with_context(app: App, config: StageConfig) -> StageConfig:
    """Return the stage with the address for alarms that ``-c alarm_email=…`` gives, ``none`` for none, and with the
    detector of ``-c detector=…``. Raises ConfigError."""
    address, detector = app.node.try_get_context("alarm_email"), app.node.try_get_context("detector")
    if detector:
        if detector not in set(DetectorName):
            raise ConfigError(f"unknown detector {detector!r}; select one of {', '.join(DetectorName)}")
        config = replace(config, detector=DetectorName(detector))
    return config if address in {None, "", "none"} else replace(config, alarm_email=address)


def check_webhooks(config: StageConfig) -> None:
    """Resolve the names of the stage's webhooks. Raises ConfigError if one leads to an address that is not public.

    A name that cannot be resolved here is accepted: the function checks each address before it connects to it.
    """
    for place, webhook in enumerate(config.webhooks):
        loopback = webhook.allow_loopback
        try:
            WebhookAddress.parse(webhook.url, loopback=loopback).resolve(loopback=loopback)
        except ValueError as error:
            raise ConfigError(f"stage {config.name}: webhooks[{place}].url: {error}") from error
        except OSError:
            continue


def main() -> None:
    """Build the zips and write the cloud assembly."""
    app = App()
    try:
        for name in (app.node.try_get_context("stage") or "dev").split(","):
            config = _with_context(app, stage_config(name))
            check_webhooks(config)
            directory = ROOT / (app.node.try_get_context("keys") or f"keys/{config.name}")
            keys = SigningKeys.read(directory)
            if not config.runs_on_emulator:
                keys.check_not_shared(directory)
            zips = build_all(Arch.HOST if config.runs_on_emulator else Arch.ARM64)
            add_stacks(app, config, zips, keys)
    except (ConfigError, EdgeFunctionError, PackagingError) as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
