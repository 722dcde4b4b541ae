"""Checks an AWS account before a stage is deployed to it, and lists everything that is missing at once.

The stage's needs are read from its synthesized templates (the directory ``cdk.out``), so the checks follow its
settings. Each finding says what to run or change.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from image_scaler.operator.errors import OperatorError

LEFT_UNRESERVED: Final = 100
"""Concurrent executions that Lambda keeps unreserved. An account with a smaller quota cannot reserve any.
Source: AWS Lambda Developer Guide, "Configuring reserved concurrency"."""
COMFORTABLE_CONCURRENCY: Final = 100
"""The quota below which bursts of views and uploads wait noticeably. New accounts have 10."""
IN_FLIGHT_SHARE: Final = 0.3
"""How many uploads may be in progress for each concurrent execution of the account (docs/adr/0026)."""
IN_FLIGHT_PER_DETECTOR_CALL: Final = 3
"""How many uploads may be in progress for each detector call a second (docs/scale.md)."""
GLOBAL_REGION: Final = "us-east-1"
"""The region that has CloudFront's quotas."""
CONCURRENCY_QUOTA: Final = "L-B99A9384"
"""The Service Quotas code of Lambda's concurrent executions."""
DETECTOR_QUOTA: Final = "L-7F4D1AC4"
"""The Service Quotas code of Rekognition's DetectModerationLabels, in calls a second."""
DELETABLE: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"})
"""Stack states in which CloudFormation allows only deletion."""


@dataclass(frozen=True)
class CloudFrontQuota:
    """How many resources of one type an account may have by default, and the call that lists them.

    ``name`` is the quota's name in Service Quotas. Source of the defaults: Amazon CloudFront Developer Guide,
    "Quotas".
    """

    name: str
    default: int
    operation: str
    result: str


CLOUDFRONT_QUOTAS: Final = {
    "AWS::CloudFront::PublicKey": CloudFrontQuota(
        "Public keys per AWS account", 10, "list_public_keys", "PublicKeyList"
    ),
    "AWS::CloudFront::KeyGroup": CloudFrontQuota("Key groups per AWS account", 10, "list_key_groups", "KeyGroupList"),
    "AWS::CloudFront::CachePolicy": CloudFrontQuota(
        "Cache policies per AWS account", 20, "list_cache_policies", "CachePolicyList"
    ),
    "AWS::CloudFront::OriginRequestPolicy": CloudFrontQuota(
        "Origin request policies per AWS account", 20, "list_origin_request_policies", "OriginRequestPolicyList"
    ),
    "AWS::CloudFront::ResponseHeadersPolicy": CloudFrontQuota(
        "Response headers policies per AWS account", 20, "list_response_headers_policies", "ResponseHeadersPolicyList"
    ),
    "AWS::CloudFront::Function": CloudFrontQuota("Functions per AWS account", 100, "list_functions", "FunctionList"),
    "AWS::CloudFront::Distribution": CloudFrontQuota(
        "Distributions per AWS account", 200, "list_distributions", "DistributionList"
    ),
}


@dataclass(frozen=True)
class Finding:
    """A problem in an account. ``do`` is what fixes it; ``stops`` is whether a deployment would fail or do harm."""

    about: str
    problem: str
    do: str
    stops: bool = True


class Templates:
    """The synthesized templates of one stage. Raises OperatorError if there are none."""

    def __init__(self, assembly: Path, stage: str) -> None:
        self.names = [f"ImageScaler-{stage}-{stack}" for stack in ("Pipeline", "Edge")]
        try:
            manifest = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))
            self._resources = [
                resource
                for name in self.names
                for resource in json.loads((assembly / f"{name}.template.json").read_text(encoding="utf-8"))[
                    "Resources"
                ].values()
            ]
        except (OSError, ValueError, KeyError) as error:
            raise OperatorError(
                f"{assembly} has no templates of the stage {stage}: run make synth STAGE={stage}"
            ) from error
        self.bootstrap_version: int = max(
            artifact.get("properties", {}).get("requiresBootstrapStackVersion", 0)
            for artifact in manifest["artifacts"].values()
        )

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """Return the properties of all resources of a CloudFormation type."""
        return [each.get("Properties", {}) for each in self._resources if each["Type"] == kind]

    @property
    def in_flight(self) -> int:
        """The most uploads that are processed at a time: the largest concurrency of an event source mapping."""
        mappings = self.of_type("AWS::Lambda::EventSourceMapping")
        return max((each.get("ScalingConfig", {}).get("MaximumConcurrency", 0) for each in mappings), default=0)

    @cached_property
    def count(self) -> Counter[str]:
        """The number of resources of each type."""
        return Counter(each["Type"] for each in self._resources)


class Preflight:
    """The checks for one stage. ``session`` has the credentials and region for the deployment."""

    def __init__(
        self, templates: Templates, session: boto3.Session, *, stage: str, alarms_have_address: bool = True
    ) -> None:
        self._templates = templates
        self._session = session
        self._stage = stage
        self._alarms_have_address = alarms_have_address

    def findings(self) -> list[Finding]:
        """Return everything that is missing; the list is empty if the account is ready."""
        without_account = [*self._about_alarms()]
        try:
            identity = self._client("sts").get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            return [
                Finding(
                    "credentials", f"AWS does not accept the credentials: {error}", "aws sso login, or aws configure"
                ),
                *without_account,
            ]
        account = str(identity["Account"])
        checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
            ("region", self._about_region),
            ("bootstrap", lambda: self._about_bootstrap(account)),
            ("stacks", self._about_stacks),
            ("Lambda concurrency", self._about_concurrency),
            ("Rekognition", self._about_detector),
            ("CloudFront", self._about_cloudfront),
            ("API Gateway's role", self._about_api_account),
        ]
        return [finding for about, check in checks for finding in _checked(about, check)] + without_account

    def _about_region(self) -> Iterator[Finding]:
        regions = self._session.get_available_regions("rekognition")
        if self._region not in regions:
            yield Finding(
                "region", f"{self._region} has no Rekognition: every image would be held",
                f"set AWS_REGION to one of {', '.join(regions)}",
            )  # fmt: skip

    def _about_bootstrap(self, account: str) -> Iterator[Finding]:
        command = f"npx cdk bootstrap aws://{account}/{self._region}"
        ssm = self._client("ssm")
        try:
            version = int(ssm.get_parameter(Name="/cdk-bootstrap/hnb659fds/version")["Parameter"]["Value"])
        except ssm.exceptions.ParameterNotFound:
            yield Finding("bootstrap", "the account is not bootstrapped for the CDK in this region", command)
            return
        needed = self._templates.bootstrap_version
        if version < needed:
            yield Finding("bootstrap", f"the bootstrap stack has version {version}; {needed} is needed", command)

    def _about_stacks(self) -> Iterator[Finding]:
        for name in self._templates.names:
            status = self._status_of(name)
            if status is None:
                continue
            if status in DELETABLE:
                yield Finding(
                    "stacks", f"{name} is {status}: CloudFormation can only delete it",
                    f"aws cloudformation delete-stack --stack-name {name} (docs/deploying.md, \"When a first "
                    "deployment fails\")",
                )  # fmt: skip
            elif status == "UPDATE_ROLLBACK_FAILED":
                yield Finding(
                    "stacks", f"{name} is {status}",
                    f"aws cloudformation continue-update-rollback --stack-name {name}",
                )  # fmt: skip
            elif status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
                yield Finding("stacks", f"{name} is {status}", "wait until the operation ends")

    def _about_concurrency(self) -> Iterator[Finding]:
        functions = self._client("lambda")
        limit = functions.get_account_settings()["AccountLimit"]
        quota, unreserved = int(limit["ConcurrentExecutions"]), int(limit["UnreservedConcurrentExecutions"])
        request = (
            f"aws service-quotas request-service-quota-increase --service-code lambda --quota-code {CONCURRENCY_QUOTA} "
            f"--region {self._region} --desired-value "
        )
        reserved = sum(
            each.get("ReservedConcurrentExecutions", 0) for each in self._templates.of_type("AWS::Lambda::Function")
        )
        provisioned = sum(
            each.get("ProvisionedConcurrencyConfig", {}).get("ProvisionedConcurrentExecutions", 0)
            for each in self._templates.of_type("AWS::Lambda::Alias")
        )
        available = unreserved + self._reserved_by_stage() - min(LEFT_UNRESERVED, quota)
        if reserved + provisioned > available:
            yield Finding(
                "Lambda concurrency",
                f"the stage reserves {reserved + provisioned} concurrent executions, but only {available} of the "
                f"account's {quota} can be reserved",
                f"{request}{quota - available + reserved + provisioned}, or reserve less in cdk/config.py",
            )
        elif (in_flight := self._templates.in_flight) > IN_FLIGHT_SHARE * quota:
            needed = math.ceil(in_flight / IN_FLIGHT_SHARE)
            yield Finding(
                "Lambda concurrency",
                f"{in_flight} uploads in progress need {needed} concurrent executions, and the account has {quota}",
                f"lower in_flight of the stage in cdk/config.py, or {request}{needed} (docs/scale.md)",
                stops=False,
            )
        elif quota < COMFORTABLE_CONCURRENCY:
            yield Finding(
                "Lambda concurrency",
                f"the account has {quota} concurrent executions, which uploads and views share; bursts have to wait",
                f"{request}1000 (docs/scale.md)",
                stops=False,
            )

    def _about_detector(self) -> Iterator[Finding]:
        if self._region not in self._session.get_available_regions("rekognition"):
            return  # there is no quota; _about_region says what to do
        calls, in_flight = self._detector_calls(), self._templates.in_flight
        allowed = math.floor(IN_FLIGHT_PER_DETECTOR_CALL * calls)
        if in_flight > allowed:
            needed = math.ceil(in_flight / IN_FLIGHT_PER_DETECTOR_CALL)
            yield Finding(
                "Rekognition",
                f"{in_flight} uploads in progress need {needed} DetectModerationLabels calls a second, and the account "
                f"has {calls:g}; throttled calls are repeated, which costs state transitions",
                f"lower in_flight of the stage in cdk/config.py to {allowed}, or aws service-quotas "
                f"request-service-quota-increase --service-code rekognition --quota-code {DETECTOR_QUOTA} "
                f"--region {self._region} --desired-value {needed} (docs/scale.md)",
                stops=False,
            )

    def _detector_calls(self) -> float:
        """Return how many DetectModerationLabels calls a second the account may make in this region."""
        quotas = self._client("service-quotas")
        asked = {"ServiceCode": "rekognition", "QuotaCode": DETECTOR_QUOTA}
        try:
            found = quotas.get_service_quota(**asked)
        except quotas.exceptions.NoSuchResourceException:  # no value of its own: AWS's default holds
            found = quotas.get_aws_default_service_quota(**asked)
        return float(found["Quota"]["Value"])

    def _reserved_by_stage(self) -> int:
        """Return the concurrency that the stage's deployed functions already reserve."""
        functions = self._client("lambda")
        names = [name for stack in self._templates.names for name in self._functions_of(stack)]
        answers = (functions.get_function_concurrency(FunctionName=name) for name in names)
        return sum(int(answer.get("ReservedConcurrentExecutions", 0)) for answer in answers)

    def _functions_of(self, stack: str) -> Iterator[str]:
        """Yield the names of a deployed stack's functions; none if the stack does not exist."""
        if self._status_of(stack) is None:
            return
        pages = self._client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
        for resource in (each for page in pages for each in page["StackResourceSummaries"]):
            if resource["ResourceType"] == "AWS::Lambda::Function" and resource.get("PhysicalResourceId"):
                yield resource["PhysicalResourceId"]

    def _about_cloudfront(self) -> Iterator[Finding]:
        if self._status_of(self._templates.names[1]):
            return  # its resources exist; an update adds at most one new function for each old one
        applied = self._cloudfront_quotas()
        for kind, quota in CLOUDFRONT_QUOTAS.items():
            needed = self._templates.count[kind]
            limit, used = applied.get(quota.name, quota.default), self._used(quota)
            if used + needed > limit:
                yield Finding(
                    "CloudFront", f"the stage needs {needed} {quota.name.split(' per ')[0].lower()}; the account "
                    f"has {used} of at most {limit}",
                    "remove unused ones, or ask for a higher quota in the Service Quotas console "
                    f"(CloudFront, {quota.name})",
                )  # fmt: skip

    def _cloudfront_quotas(self) -> dict[str, int]:
        pages = self._client("service-quotas", GLOBAL_REGION).get_paginator("list_service_quotas")
        return {
            each["QuotaName"]: int(each["Value"])
            for page in pages.paginate(ServiceCode="cloudfront")
            for each in page["Quotas"]
        }

    def _used(self, quota: CloudFrontQuota) -> int:
        """Return how many of a quota's resources the account has, not counting AWS's own."""
        call = getattr(self._client("cloudfront"), quota.operation)
        own = {"Type": "custom"} if "policies" in quota.operation else {}
        used = 0
        marker: dict[str, str] = {}
        while True:
            found = call(**own, **marker)[quota.result]
            used += len(found.get("Items") or ())
            if not found.get("NextMarker"):
                return used
            marker = {"Marker": found["NextMarker"]}

    def _about_api_account(self) -> Iterator[Finding]:
        role = self._client("apigateway").get_account().get("cloudwatchRoleArn")
        sets_role = bool(self._templates.count["AWS::ApiGateway::Account"])
        if sets_role and role and not self._status_of(self._templates.names[0]):
            yield Finding(
                "API Gateway's role", f"the account has one in this region ({role}), and the stage would replace it",
                f"set owns_api_account=False for the stage {self._stage} in cdk/config.py",
            )  # fmt: skip
        if not sets_role and not role:
            yield Finding(
                "API Gateway's role", "the account has none in this region, so API Gateway cannot write logs",
                f"set owns_api_account=True for the stage {self._stage} in cdk/config.py",
            )  # fmt: skip

    def _about_alarms(self) -> Iterator[Finding]:
        if self._alarms_have_address and not self._templates.count["AWS::SNS::Subscription"]:
            yield Finding(
                "alarms", "alarms would not notify anyone",
                f"make deploy STAGE={self._stage} ALARM_EMAIL=you@example.com, or ALARM_EMAIL=none for no emails",
            )  # fmt: skip

    def _status_of(self, stack: str) -> str | None:
        """Return the status of a stack; None if it does not exist."""
        try:
            (found,) = self._client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):  # CloudFormation has no code for it
                return None
            raise
        return str(found["StackStatus"])

    @property
    def _region(self) -> str:
        return str(self._session.region_name)

    def _client(self, service: str, region: str | None = None) -> Any:
        return self._session.client(service, region_name=region)  # type: ignore[call-overload]


def _checked(about: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Yield a check's findings. A call that AWS refuses is a finding too, and the other checks still run."""
    try:
        yield from check()
    except (BotoCoreError, ClientError) as error:
        yield Finding(about, f"cannot be read: {error}", "allow this call to the deploying credentials")
