"""AWS's list prices in US dollars, without free tiers. This is the only file with prices.

``AS_OF`` is the date on which they were compared with the sources in ``checked``. A price without ``checked`` is AWS's
list price as known to this project; it was not compared, because no copy of the page was available.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

AS_OF: Final = "2026-11-28"
"""The date of the prices."""

REGIONS: Final = ("us-east-1", "us-east-2", "us-west-2")
"""The regions that have these prices. In other regions most items cost up to a fifth more."""

HOURS_A_MONTH: Final = 730
"""The figure of AWS's own calculator."""


@dataclass(frozen=True)
class Price:
    """``dollars`` per ``per`` of a unit: 0.025 per 1,000 transitions. ``checked`` is the source of comparison."""

    dollars: float
    per: int
    unit: str
    source: str
    checked: str = ""

    def of(self, amount: float) -> float:
        """Return the dollars for an amount of units."""
        return self.dollars * amount / self.per


_PRICING: Final = "aws.amazon.com/{}/pricing"


def _price(dollars: float, per: int, unit: str, page: str, checked: str = "") -> Price:
    return Price(dollars, per, unit, _PRICING.format(page), checked)


_DYNAMODB_GUIDE: Final = "airbyte.com/data-engineering-resources/dynamodb-pricing, 2025-07"
_WAF_GUIDE: Final = "c3x.dev/blog/aws-waf-cost-explained"
_FARGATE_GUIDE: Final = "vantage.sh/blog/fargate-pricing"

S3_GB_MONTH: Final = _price(0.023, 1, "GB-months", "s3")
"""S3 Standard, the first 50 TB."""
S3_WRITE: Final = _price(0.005, 1_000, "PUT, COPY, POST or LIST requests", "s3")
S3_READ: Final = _price(0.0004, 1_000, "GET or HEAD requests", "s3")
S3_COLD_GB_MONTH: Final = _price(0.004, 1, "GB-months of Glacier Instant Retrieval", "s3")
S3_COLD_MOVE: Final = _price(0.02, 1_000, "objects moved to Glacier Instant Retrieval", "s3")
S3_COLD_READ: Final = _price(0.01, 1_000, "GET requests of Glacier Instant Retrieval", "s3")
S3_COLD_READ_GB: Final = _price(0.03, 1, "GB read from Glacier Instant Retrieval", "s3")
"""Glacier Instant Retrieval is for a stage's `cold_originals_days`."""
LAMBDA_ARM_GB_SECOND: Final = _price(0.0000133334, 1, "GB-seconds, arm64", "lambda")
LAMBDA_X86_GB_SECOND: Final = _price(0.0000166667, 1, "GB-seconds, x86_64", "lambda")
LAMBDA_REQUEST: Final = _price(0.20, 1_000_000, "invocations", "lambda")
TRANSITION: Final = _price(0.025, 1_000, "state transitions", "step-functions", "the page itself")
"""Standard workflows. Each retry is charged as a transition."""
SQS_REQUEST: Final = _price(0.40, 1_000_000, "requests of a standard queue", "sqs")
EVENT: Final = _price(1.00, 1_000_000, "events of a custom bus or of S3", "eventbridge")
"""S3's Object Created events are opt-in and are charged; most events of AWS services are free."""
TABLE_WRITE_UNIT: Final = _price(0.625, 1_000_000, "write request units", "dynamodb", _DYNAMODB_GUIDE)
TABLE_READ_UNIT: Final = _price(0.125, 1_000_000, "read request units", "dynamodb", _DYNAMODB_GUIDE)
TABLE_GB_MONTH: Final = _price(0.25, 1, "GB-months of a table", "dynamodb")
DETECTOR_CALL: Final = _price(0.001, 1, "DetectModerationLabels calls", "rekognition")
"""The first million calls of a month. Throttled calls are free."""
API_REQUEST: Final = _price(3.50, 1_000_000, "requests of a REST API", "api-gateway")
EDGE_FUNCTION: Final = _price(0.10, 1_000_000, "invocations of a CloudFront Function", "cloudfront", "cur.vantage.sh")
PURGED_PATH: Final = _price(
    0.005, 1, "invalidated paths", "cloudfront", "docs.aws.amazon.com/whitepapers, How AWS Pricing Works"
)
"""The first 1,000 paths of a month are free."""
FIREWALL: Final = _price(5.00, 1, "web ACLs, a month", "waf", _WAF_GUIDE)
FIREWALL_RULE: Final = _price(1.00, 1, "rules and managed groups, a month", "waf", _WAF_GUIDE)
FIREWALL_REQUEST: Final = _price(0.60, 1_000_000, "requests", "waf", _WAF_GUIDE)
SECRET: Final = _price(0.40, 1, "secrets, a month", "secrets-manager")
ALARM: Final = _price(0.10, 1, "alarms, a month", "cloudwatch")
DASHBOARD: Final = _price(3.00, 1, "dashboards, a month", "cloudwatch")
METRIC: Final = _price(0.30, 1, "metrics, a month", "cloudwatch")
LOG_GB: Final = _price(0.50, 1, "GB of logs", "cloudwatch")
TRACE: Final = _price(5.00, 1_000_000, "recorded traces", "xray")

FARGATE_ARM_VCPU_HOUR: Final = _price(0.03238, 1, "vCPU-hours, arm64", "fargate", _FARGATE_GUIDE)
FARGATE_ARM_GB_HOUR: Final = _price(0.00356, 1, "GB-hours, arm64", "fargate", _FARGATE_GUIDE)
BALANCER_HOUR: Final = _price(0.0225, 1, "hours of an Application Load Balancer", "elasticloadbalancing")
BALANCER_UNIT_HOUR: Final = _price(0.008, 1, "hours of a capacity unit", "elasticloadbalancing")
ADDRESS_HOUR: Final = _price(0.005, 1, "hours of a public IPv4 address", "vpc")
"""Fargate, the load balancer and the address are used only for the comparison with peers."""


@dataclass(frozen=True)
class ViewerArea:
    """CloudFront's prices in one area of viewers: dollars per GB by monthly volume, and per HTTPS request.

    ``gb_tiers`` has pairs of a tier's size in GB and its price; the last size is unlimited.
    """

    name: str
    gb_tiers: tuple[tuple[float, float], ...]
    request: Price

    def egress(self, gigabytes: float) -> float:
        """Return the dollars for a month's GB."""
        dollars, left = 0.0, gigabytes
        for size, price in self.gb_tiers:
            dollars += min(left, size) * price
            left -= min(left, size)
        return dollars


_TIERS_GB: Final = (10_000, 40_000, 100_000, 350_000, 524_000, 4_000_000, float("inf"))


def _area(name: str, request: float, *gb: float) -> ViewerArea:
    tiers = tuple(zip(_TIERS_GB, gb, strict=True))
    return ViewerArea(name, tiers, _price(request, 10_000, "HTTPS requests", "cloudfront"))


VIEWER_AREAS: Final[Mapping[str, ViewerArea]] = MappingProxyType(
    {
        area.name: area
        for area in (
            _area("north-america", 0.0100, 0.085, 0.080, 0.060, 0.040, 0.030, 0.025, 0.020),
            _area("europe", 0.0120, 0.085, 0.080, 0.060, 0.040, 0.030, 0.025, 0.020),
            _area("africa-middle-east", 0.0120, 0.110, 0.105, 0.090, 0.080, 0.060, 0.050, 0.040),
            _area("south-america", 0.0220, 0.110, 0.105, 0.090, 0.080, 0.060, 0.050, 0.040),
            _area("japan", 0.0120, 0.114, 0.089, 0.086, 0.084, 0.080, 0.070, 0.060),
            _area("australia", 0.0125, 0.114, 0.098, 0.094, 0.092, 0.090, 0.085, 0.080),
            _area("asia", 0.0120, 0.120, 0.100, 0.095, 0.090, 0.080, 0.070, 0.060),
            _area("india", 0.0120, 0.109, 0.085, 0.082, 0.080, 0.078, 0.075, 0.072),
        )
    }
)
"""The areas of CloudFront's price page. The prices per GB were compared with the page; those per request were not."""
