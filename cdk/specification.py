"""The types of a function's specification; cdk/functions has one specification for each Lambda function.

Packaging and the benchmarks read specifications too, and the CDK takes seconds to import. This module and the
specifications therefore import it for type checking only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from aws_cdk import aws_cloudfront as cloudfront
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_events as events
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_secretsmanager as secretsmanager
    from aws_cdk import aws_wafv2 as wafv2

    from cdk.config import StageConfig
    from cdk.constructs.storage import Storage

IMAGE_KEYS: Final = "Keys begin with an image's id, which is unknown at deploy time; bucket and prefix are exact."
"""Reason for a wildcard in the ARN of objects."""
REPORT_KEYS: Final = (
    "Keys contain the id of a rejudgement, which is unknown at deploy time; bucket and prefix are exact."
)
"""The same for manifests and reports."""
NO_RESOURCES: Final = "These actions do not support resources; IAM accepts only * for them."


@dataclass(frozen=True)
class Package:
    """What a function's zip contains.

    ``name`` is the function's package below ``functions`` and the name of the zip; ``imports`` are the other packages
    that it needs, besides ``shared``. ``lock`` is a file of requirements/; ``budget_mib`` is the largest size of the
    zip in MiB; ``bytecode`` adds compiled files.
    """

    name: str
    imports: tuple[str, ...] = ()
    lock: str = "functions-base.txt"
    budget_mib: float = 3
    bytecode: bool = True

    @property
    def packages(self) -> tuple[str, ...]:
        """All packages below ``functions`` that the zip contains."""
        return ("shared", *self.imports, self.name)


@dataclass(frozen=True)
class Size:
    """Memory, time limit and reserved concurrency of a function.

    A vCPU comes with 1,769 MB. ``reserved_concurrency`` is a maximum and a guarantee; None uses the account's pool.
    """

    memory_mb: int
    timeout_seconds: int
    reserved_concurrency: int | None = None


@dataclass(frozen=True)
class Grant:
    """One statement of a function's role. ``leading_keys`` limits it to DynamoDB partition keys of this pattern.

    ``reason`` says why a resource contains a wildcard; cdk-nag rejects a wildcard without a reason.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    reason: str = ""
    leading_keys: str = ""


def allow(*actions: str, on: str | tuple[str, ...], reason: str = "", leading_keys: str = "") -> Grant:
    """Return the grant of these actions on one resource or several."""
    return Grant(actions, (on,) if isinstance(on, str) else on, reason, leading_keys)


class FunctionMetric(StrEnum):
    """Metrics of a function that an alarm watches; the duration is the 95th percentile in ms."""

    ERRORS = "errors"
    DURATION_P95 = "duration"


@dataclass(frozen=True)
class FunctionAlarm:
    """An alarm on a metric of one function; docs/runbook.md has a section of the same name.

    It is raised when ``metric`` reaches ``threshold`` in ``periods`` periods of five minutes.
    """

    name: str
    metric: FunctionMetric
    meaning: str
    threshold: float = 1
    periods: int = 1


@dataclass(frozen=True)
class PipelineResources:
    """The resources that functions of the Pipeline stack can use."""

    config: StageConfig
    storage: Storage
    table: dynamodb.ITable
    event_bus: events.IEventBus
    data_key: kms.IKey | None


@dataclass(frozen=True)
class EdgeResources:
    """The resources that functions of the Edge stack can use. ``api_url`` is the URL of the API's stage."""

    config: StageConfig
    distribution: cloudfront.Distribution
    secret: secretsmanager.ISecret
    accepted_values: wafv2.CfnRegexPatternSet
    api_url: str

    @property
    def distribution_arn(self) -> str:
        """The ARN of the distribution."""
        return self.distribution.stack.format_arn(
            service="cloudfront", region="", resource="distribution", resource_name=self.distribution.distribution_id
        )


def origins_variable(config: StageConfig) -> dict[str, str]:
    """Return the variable of the origins whose preflights a function answers; none if the stage allows no origin."""
    return {"ALLOWED_ORIGINS": ",".join(config.allowed_origins)} if config.allowed_origins else {}


Resources = TypeVar("Resources", PipelineResources, EdgeResources)


@dataclass(frozen=True, kw_only=True)
class FunctionSpecification(Generic[Resources]):
    """The deployment specification of one function.

    ``environment`` and ``grants`` are given the resources of the function's stack and return its own variables and
    statements; every function also gets its log, tracing and the variables of Powertools.

    - ``answers_api``: API Gateway invokes it. It is kept warm if the stage is configured so.
    - ``writes_files``: it writes files of published images, so a removal waits for its time limit.
    - ``starts``: the state machines of workflows/ whose executions it starts. It gets their ARNs as variables such as
      REMOVE_STATE_MACHINE_ARN.
    - ``describes``: those whose executions it describes. It gets their ARNs too.
    - ``has_own_construct``: it is deployed by a construct that also has the queue, rules or schedule that invoke it,
      such as Purge. The construct Functions deploys all others.
    - ``is_deployed``: whether a stage has it.
    """

    name: str
    package: Package
    size: Size
    environment: Callable[[Resources], Mapping[str, str]]
    grants: Callable[[Resources], list[Grant]]
    answers_api: bool = False
    writes_files: bool = False
    starts: tuple[str, ...] = ()
    describes: tuple[str, ...] = ()
    alarms: tuple[FunctionAlarm, ...] = ()
    has_own_construct: bool = False
    is_deployed: Callable[[StageConfig], bool] = lambda _: True

    @property
    def handler_module(self) -> str:
        """The dotted path of the module that Lambda imports."""
        return f"functions.{self.package.name}.handler"

    @property
    def handler(self) -> str:
        """The dotted path of the handler."""
        return f"{self.handler_module}.lambda_handler"

    def size_in(self, config: StageConfig) -> Size:
        """Return its size in a stage: the defaults with what the stage overrides."""
        return replace(self.size, **config.functions.get(self.name, {}))
