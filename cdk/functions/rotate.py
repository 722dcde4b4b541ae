"""The function `rotate`: replaces the secret between edge and firewall. The construct OriginSecret schedules it."""

from typing import Final

from cdk import names
from cdk.specification import (
    NO_RESOURCES,
    EdgeResources,
    FunctionAlarm,
    FunctionMetric,
    FunctionSpecification,
    Grant,
    Package,
    Size,
    allow,
)


def environment(stage: EdgeResources) -> dict[str, str]:
    """Return the other places that hold the secret, and how to check that a change has reached them."""
    on_emulator = stage.config.runs_on_emulator
    return {
        "DISTRIBUTION_ID": stage.distribution.distribution_id,
        "HEADER_NAME": names.ORIGIN_VERIFY_HEADER,
        "PATTERN_SET_ID": stage.accepted_values.attr_id,
        "PATTERN_SET_NAME": names.origin_secret_name(stage.config.name),
        "DEPLOYED_HEADER_NAME": names.ORIGIN_DEPLOYED_HEADER,
        "DEPLOY_POLL_SECONDS": "1" if on_emulator else "15",
        "SECRET_ID": stage.secret.secret_arn,
        # The emulator's API has no firewall in front of it.
        **({} if on_emulator else {"PROBE_URL": f"{stage.api_url}/probe"}),
    }


def grants(stage: EdgeResources) -> list[Grant]:
    """Return the grants to change the secret, the distribution's header and the firewall's accepted values."""
    on_secret = ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
    on_distribution = ("GetDistribution", "GetDistributionConfig", "UpdateDistribution")
    return [
        allow(*(f"secretsmanager:{action}" for action in on_secret), on=stage.secret.secret_arn),
        allow("secretsmanager:GetRandomPassword", on="*", reason=NO_RESOURCES),
        allow("wafv2:GetRegexPatternSet", "wafv2:UpdateRegexPatternSet", on=stage.accepted_values.attr_arn),
        allow(*(f"cloudfront:{action}" for action in on_distribution), on=stage.distribution_arn),
    ]


SPECIFICATION: Final = FunctionSpecification(
    name="rotate",
    package=Package("rotate"),
    size=Size(memory_mb=256, timeout_seconds=900),  # deploying a distribution takes three to ten minutes
    environment=environment,
    grants=grants,
    alarms=(FunctionAlarm("RotationFailed", FunctionMetric.ERRORS, "The origin's secret could not be rotated"),),
    has_own_construct=True,
)
