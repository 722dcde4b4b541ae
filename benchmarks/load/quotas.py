"""The quotas that limit the pipeline, each with its source, the accounts that are compared, and the prices used.

The Service Quotas defaults for us-east-1 were read from a published dump in 2026-11; `get-service-quota` takes the
codes. Values that only AWS's guides contain name the guide and page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from image_scaler.costs import prices


@dataclass(frozen=True)
class Quota:
    """One limit: its default and its source. ``code`` is the Service Quotas code, or "" if there is none."""

    name: str
    value: float
    unit: str
    source: str
    code: str = ""
    adjustable: bool = True


@dataclass(frozen=True)
class Region:
    """The quotas that differ by region: token buckets of Step Functions, and EventBridge's target invocations."""

    name: str
    start_execution_bucket: float
    start_execution_per_second: float
    transition_bucket: float
    transitions_per_second: float
    deliveries_per_second: float


@dataclass(frozen=True)
class Account:
    """What an account may use in one region. ``reserved`` is each function's reserved concurrency."""

    name: str
    concurrency: int
    detector_calls_per_second: float
    region: Region
    reserved: Mapping[str, int] = field(default_factory=dict)


_QUOTAS: Final = "Service Quotas, default for us-east-1"
_SFN_GUIDE: Final = "Step Functions Developer Guide, Service quotas, all other regions"
_EB_GUIDE: Final = "EventBridge User Guide, Quotas"

QUOTAS: Final = (
    Quota("Concurrent executions (Lambda)", 1_000, "executions", _QUOTAS, "L-B99A9384"),
    Quota("DetectModerationLabels", 50, "calls a second", _QUOTAS, "L-7F4D1AC4"),
    Quota("StartExecution, bucket", 1_300, "calls", _QUOTAS, "L-CE9F8059"),
    Quota("StartExecution, refill", 300, "calls a second", _QUOTAS, "L-1B55A735"),
    Quota("StateTransition, bucket", 5_000, "transitions", _QUOTAS, "L-137B3F65"),
    Quota("StateTransition, refill", 5_000, "transitions a second", _QUOTAS, "L-AD9B4E93"),
    Quota("DescribeExecution, refill", 15, "calls a second", _QUOTAS, "L-4A5FADE3"),
    Quota("ListExecutions, refill", 5, "calls a second", _QUOTAS, "L-1342F2DA"),
    Quota("Open executions", 1_000_000, "executions", _QUOTAS, "L-B8A5B662"),
    Quota("StartExecution, bucket, other regions", 800, "calls", _SFN_GUIDE),
    Quota("StartExecution, refill, other regions", 150, "calls a second", _SFN_GUIDE),
    Quota("StateTransition, bucket, other regions", 800, "transitions", _SFN_GUIDE),
    Quota("StateTransition, refill, other regions", 500, "transitions a second", _SFN_GUIDE),
    Quota("Invocations of targets, us-east-1, us-west-2, eu-west-1", 18_750, "a second", _EB_GUIDE),
    Quota("Invocations of targets, other regions", 1_100, "a second", _EB_GUIDE),
    Quota("Scaling of one function", 100, "environments a second", "Lambda Developer Guide, Scaling", adjustable=False),
    Quota("Pollers that SQS adds", 5, "a second", "Lambda Developer Guide, SQS scaling", adjustable=False),
    Quota("Writes of a DynamoDB partition", 1_000, "units a second", "DynamoDB Developer Guide", adjustable=False),
    Quota("Writes of an S3 prefix", 3_500, "a second", "S3 User Guide, Optimizing performance", adjustable=False),
    Quota("Requests of a distribution", 250_000, "a second", "CloudFront Developer Guide, Quotas"),
    Quota("Transfer of a distribution", 150, "Gbit a second", "CloudFront Developer Guide, Quotas"),
)
"""The quotas listed in docs/scale.md. "Other regions" have at least these values; some have more."""

LARGE_REGION: Final = Region("us-east-1", 1_300, 300, 5_000, 5_000, 18_750)
OTHER_REGION: Final = Region("another region", 800, 150, 800, 500, 1_100)

ACCOUNTS: Final = (
    Account("new", 10, 5, OTHER_REGION),
    Account("small", 50, 5, OTHER_REGION),
    Account("default", 1_000, 50, LARGE_REGION),
)
"""The 10 of a new account are not in AWS's tables of defaults; AWS raises them with usage or on request."""
RESERVED: Final = replace(
    ACCOUNTS[2],
    name="default, reserved",
    reserved={"optimize": 50, "moderate": 50, "blur": 50, "persist": 50, "serve": 200},
)
"""The default account with the concurrency that the stage `prod` reserved before ADR 26."""

UNLIMITED: Final = 1e9
EMULATED: Final = Account(
    "emulator", 10, 5, Region("the emulator", UNLIMITED, UNLIMITED, UNLIMITED, UNLIMITED, UNLIMITED)
)
"""The emulator with LAMBDA_ACCOUNT_CONCURRENCY=10 and a stand-in that accepts five calls a second."""

DOLLARS_PER_TRANSITION: Final = prices.TRANSITION.of(1)
DOLLARS_PER_DETECTOR_CALL: Final = prices.DETECTOR_CALL.of(1)
DOLLARS_PER_GB_SECOND: Final = prices.LAMBDA_ARM_GB_SECOND.of(1)
DOLLARS_PER_INVOCATION: Final = prices.LAMBDA_REQUEST.of(1)
DOLLARS_PER_QUEUE_REQUEST: Final = prices.SQS_REQUEST.of(1)
DOLLARS_PER_TABLE_WRITE: Final = prices.TABLE_WRITE_UNIT.of(1)
