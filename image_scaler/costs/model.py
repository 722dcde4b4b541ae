"""Prices the use of a month: `estimate` returns the cost of each item for the first and for a later month.

The first month has all uploads, a whole month of their storage, and the views. A later month has the storage and the
views again, and no uploads. With the same uploads every month, month n costs the first month plus n - 1 times the
storage of a later month.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Final

from image_scaler.costs import prices, usage
from image_scaler.costs.prices import REGIONS, VIEWER_AREAS, Price
from image_scaler.costs.usage import Kind, Use, upload_use, variant_use, view_use


class EstimateError(Exception):
    """An input is out of its range; the message names the option."""


@dataclass(frozen=True)
class Traffic:
    """A stage's traffic: ``uploads`` in the first month, ``views`` in each month. All shares are from 0 to 1.

    ``variants`` is the number of different variants requested of each picture, ``kilobytes`` the size of a view,
    ``hit_rate`` the share of views that the edge answers from its cache, ``refined`` the share of variants that are
    refined: with ``refine=common``, those requested by width alone.
    """

    uploads: int
    megabytes: float = 3.0
    views: int = 0
    variants: float = 5.0
    kilobytes: float = 50.0
    flagged: float = 0.02
    animated: float = 0.02
    hit_rate: float = 0.9
    region: str = "us-east-1"
    viewers: str = "north-america"
    refined: float = 0.8

    def __post_init__(self) -> None:
        """Raise EstimateError for the first input that is out of its range."""
        for name in ("uploads", "megabytes", "views", "variants", "kilobytes"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise EstimateError(f"--{name} must be a number of at least 0, not {value}")
        for name in ("flagged", "animated", "hit_rate", "refined"):
            if not 0 <= getattr(self, name) <= 1:
                option = name.replace("_", "-")
                raise EstimateError(f"--{option} must be a share from 0 to 1, not {getattr(self, name)}")
        if self.flagged + self.animated > 1:
            raise EstimateError("--flagged and --animated must not exceed 1 together")
        if self.views and not self.uploads:
            raise EstimateError("--views needs --uploads: there is no picture to view")
        if self.views and not self.variants:
            raise EstimateError("--variants must be more than 0 if there are --views")
        if self.region not in REGIONS:
            raise EstimateError(f"--region must be one of {', '.join(REGIONS)}; there are no prices for {self.region}")
        if self.viewers not in VIEWER_AREAS:
            raise EstimateError(f"--viewers must be one of {', '.join(VIEWER_AREAS)}, not {self.viewers}")

    @property
    def requested_variants(self) -> float:
        """Return the number of generated variants: all that are requested, at most one per view."""
        return min(self.variants * self.uploads, self.views)


@dataclass(frozen=True)
class Item:
    """One line: dollars and billed amounts of the first and of a later month."""

    name: str
    group: str
    unit: str
    first_amount: float
    later_amount: float
    first_dollars: float
    later_dollars: float


@dataclass(frozen=True)
class Estimate:
    """The items that depend on traffic, and the fixed ones of a stage."""

    traffic: Traffic
    items: tuple[Item, ...]
    fixed: tuple[Item, ...]

    def total(self, *, later: bool = False, fixed: bool = True, without: frozenset[str] = frozenset()) -> float:
        """Return the dollars of a month, without the items with these names."""
        items = [*self.items, *(self.fixed if fixed else ())]
        chosen = [each for each in items if each.name not in without]
        return sum(each.later_dollars if later else each.first_dollars for each in chosen)

    def document(self) -> dict[str, Any]:
        """Return the estimate for `--json`."""
        traffic = {each.name: getattr(self.traffic, each.name) for each in fields(Traffic)}
        return {
            "currency": "USD",
            "prices_as_of": prices.AS_OF,
            "traffic": traffic,
            "items": [_rounded(each) for each in self.items],
            "fixed": [_rounded(each) for each in self.fixed],
            "total": {"first": round(self.total(), 2), "later": round(self.total(later=True), 2)},
        }


def _rounded(item: Item) -> dict[str, Any]:
    return {
        "item": item.name,
        "group": item.group,
        "unit": item.unit,
        "first_amount": round(item.first_amount, 3),
        "later_amount": round(item.later_amount, 3),
        "first_usd": round(item.first_dollars, 4),
        "later_usd": round(item.later_dollars, 4),
    }


ORIGINALS: Final = "storage of originals"
REKOGNITION: Final = "Rekognition"

PRICED: Final[tuple[tuple[str, str, str, Price], ...]] = (
    (ORIGINALS, "storage", "originals_gb", prices.S3_GB_MONTH),
    ("storage of published files", "storage", "published_gb", prices.S3_GB_MONTH),
    ("storage of generated variants", "storage", "generated_gb", prices.S3_GB_MONTH),
    ("storage of records", "storage", "table_gb", prices.TABLE_GB_MONTH),
    ("S3 writes and lists", "requests", "s3_writes", prices.S3_WRITE),
    ("S3 reads", "requests", "s3_reads", prices.S3_READ),
    ("Lambda time", "compute", "gb_seconds", prices.LAMBDA_ARM_GB_SECOND),
    ("Lambda invocations", "compute", "invocations", prices.LAMBDA_REQUEST),
    ("Step Functions", "compute", "transitions", prices.TRANSITION),
    ("SQS", "requests", "queue_requests", prices.SQS_REQUEST),
    ("EventBridge", "requests", "events", prices.EVENT),
    ("DynamoDB writes", "requests", "table_write_units", prices.TABLE_WRITE_UNIT),
    ("DynamoDB reads", "requests", "table_read_units", prices.TABLE_READ_UNIT),
    (REKOGNITION, "moderation", "detector_calls", prices.DETECTOR_CALL),
    ("API Gateway", "requests", "api_requests", prices.API_REQUEST),
    ("WAF requests", "requests", "api_requests", prices.FIREWALL_REQUEST),
    ("CloudFront functions", "edge", "edge_functions", prices.EDGE_FUNCTION),
    ("logs", "operations", "log_gb", prices.LOG_GB),
)
"""Items with one price: the name, the group, the member of ``Use`` with the amount, and the price."""


def estimate(traffic: Traffic) -> Estimate:
    """Return the cost of a stage with this traffic."""
    first, later = first_month(traffic), later_month(traffic)
    return Estimate(traffic, tuple(_items(traffic, first, later)), tuple(_fixed(traffic)))


def first_month(traffic: Traffic) -> Use:
    """Return the use of the month of the uploads."""
    animated, flagged = traffic.animated * traffic.uploads, traffic.flagged * traffic.uploads
    return (
        upload_use(Kind.CLEAN).times(traffic.uploads - animated - flagged)
        + upload_use(Kind.FLAGGED).times(flagged)
        + upload_use(Kind.ANIMATED).times(animated)
        + _stored(traffic)
        + _viewed(traffic, traffic.requested_variants)
        + _refined(traffic, traffic.requested_variants)
    )


def later_month(traffic: Traffic) -> Use:
    """Return the use of a month in which the pictures are stored and viewed."""
    generated = traffic.requested_variants / usage.KEPT_MONTHS
    return _stored(traffic) + _viewed(traffic, generated) + _refined(traffic, generated)


def _stored(traffic: Traffic) -> Use:
    gigabytes = traffic.uploads * traffic.megabytes * usage.MB / usage.GB
    return Use(
        originals_gb=gigabytes,
        published_gb=gigabytes * usage.PUBLISHED_SHARE,
        generated_gb=traffic.requested_variants * traffic.kilobytes * 1_000 / usage.GB,
        table_gb=traffic.uploads * usage.ITEM_BYTES / usage.GB,
    )


def _viewed(traffic: Traffic, generated: float) -> Use:
    """Return the use of a month's views, of which the first ``generated`` generate a variant.

    A miss of the edge's cache reads the variant from the bucket. `variant_use` includes the reads of misses that
    generate one.
    """
    misses = max(traffic.views * (1 - traffic.hit_rate) - generated, 0)
    return view_use(traffic.kilobytes).times(traffic.views) + variant_use().times(generated) + Use(s3_reads=misses)


def _refined(traffic: Traffic, generated: float) -> Use:
    """Return what refinement adds, and the egress that it saves as a negative amount."""
    saved_gb = view_use(traffic.kilobytes).edge_gb * traffic.views * traffic.refined * usage.REFINED_VIEW_SAVES
    return usage.refinement_use().times(generated * traffic.refined) + Use(edge_gb=-saved_gb)


def _items(traffic: Traffic, first: Use, later: Use) -> Iterator[Item]:
    area = VIEWER_AREAS[traffic.viewers]
    charged: list[tuple[str, str, str, str, Callable[[float], float]]] = [
        (name, group, price.unit, amount, price.of) for name, group, amount, price in PRICED
    ]
    charged += [
        ("CloudFront requests", "edge", area.request.unit, "edge_requests", area.request.of),
        ("CloudFront egress", "edge", "GB", "edge_gb", area.egress),
        ("traces", "operations", prices.TRACE.unit, "traces", lambda number: prices.TRACE.of(_traced(number))),
    ]
    for name, group, unit, amount, dollars in charged:
        amounts = getattr(first, amount), getattr(later, amount)
        yield Item(name, group, unit, *amounts, *map(dollars, amounts))


def _traced(requests: float) -> float:
    return min(requests, usage.MAX_ALWAYS_TRACED + max(requests - usage.MAX_ALWAYS_TRACED, 0) * usage.TRACED_SHARE)


def _fixed(traffic: Traffic) -> Iterator[Item]:
    polls = usage.POLLED_QUEUES * usage.POLLS_A_MONTH
    busy = [_busy_share(traffic.uploads + traffic.requested_variants)]
    busy.append(_busy_share(traffic.requested_variants / usage.KEPT_MONTHS))
    for name, amount, price in (
        ("WAF, its ACL", 1.0, prices.FIREWALL),
        ("WAF, its rules", usage.FIREWALL_RULES, prices.FIREWALL_RULE),
        ("Secrets Manager", usage.SECRETS, prices.SECRET),
        ("CloudWatch alarms", usage.ALARMS, prices.ALARM),
        ("CloudWatch dashboard", usage.DASHBOARDS, prices.DASHBOARD),
        ("SQS, polling", polls, prices.SQS_REQUEST),
        ("Lambda, the sweep", usage.SWEEPS_A_MONTH, prices.LAMBDA_REQUEST),
    ):
        yield Item(name, "fixed", price.unit, amount, amount, price.of(amount), price.of(amount))
    amounts = [usage.METRICS * share for share in busy]
    dollars = [prices.METRIC.of(amount) for amount in amounts]
    yield Item("CloudWatch metrics, by the hours with data", "fixed", prices.METRIC.unit, *amounts, *dollars)


def _busy_share(requests: float) -> float:
    """Return the share of a month's hours in which requests arrive at random times."""
    return 1 - math.exp(-requests / prices.HOURS_A_MONTH)
