"""Estimates as text for a terminal, and the tables of docs/costs.md."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from image_scaler.costs import peers, prices, usage
from image_scaler.costs.model import ORIGINALS, REKOGNITION, Estimate, Item, Traffic, estimate
from image_scaler.costs.peers import PeerCost
from image_scaler.costs.prices import Price
from image_scaler.costs.usage import FUNCTIONS, UPLOADS, Kind

EXAMPLE: Final = Traffic(uploads=10_000, megabytes=3, views=1_000_000)
"""The traffic of the tables."""

INGEST: Final = replace(EXAMPLE, views=0, flagged=0.0, animated=0.0)
"""10,000 clean stills without views, for the cost of uploads."""


def ingest_dollars() -> float:
    """Return the first month's cost of 10,000 clean uploads of 3 MB, without Rekognition, originals and fixed costs."""
    return estimate(INGEST).total(fixed=False, without=frozenset({REKOGNITION, ORIGINALS}))


def as_text(made: Estimate) -> str:
    """Return an estimate as aligned columns."""
    rows = [("", "first month", "later month"), *(_dollars(each) for each in _worth_showing(made.items))]
    rows.append(_sums("depends on traffic", made.items))
    rows += [("", "", ""), *(_dollars(each) for each in made.fixed), _sums("fixed, per stage", made.fixed)]
    rows += [("", "", ""), _sums("total", (*made.items, *made.fixed))]
    width = max(len(name) for name, *_ in rows)
    lines = [f"{name:<{width}}{first:>14}{later:>14}".rstrip() for name, first, later in rows]
    traffic = made.traffic
    lines.append("")
    lines.append(f"US dollars, list prices of {prices.AS_OF} for {traffic.region}, viewers in {traffic.viewers}")
    return "\n".join(lines)


def _worth_showing(items: Iterable[Item]) -> list[Item]:
    """Return the items that cost at least a tenth of a cent in one of the months."""
    return [each for each in items if max(abs(each.first_dollars), abs(each.later_dollars)) >= 0.001]


def _dollars(item: Item) -> tuple[str, str, str]:
    return item.name, _money(item.first_dollars), _money(item.later_dollars)


def _sums(name: str, items: Sequence[Item]) -> tuple[str, str, str]:
    return name, _money(sum(each.first_dollars for each in items)), _money(sum(each.later_dollars for each in items))


def _money(dollars: float) -> str:
    return f"{dollars:,.2f}" if dollars else "0"


def _amount(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:,.2f}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    cells = [list(head)]
    cells.append(["--"] * len(cells[0]))
    cells += [list(row) for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells) + "\n"


def _example() -> str:
    made = estimate(EXAMPLE)
    rows: list[tuple[str, ...]] = [
        (each.name, f"{_amount(each.first_amount)} {each.unit}", *_dollars(each)[1:])
        for each in _worth_showing(made.items)
    ]
    name, *sums = _sums("depends on traffic", made.items)
    rows.append((f"**{name}**", "", *(f"**{each}**" for each in sums)))
    rows += [(each.name, f"{_amount(each.first_amount)} {each.unit}", *_dollars(each)[1:]) for each in made.fixed]
    name, *sums = _sums("fixed, per stage", made.fixed)
    rows.append((f"**{name}**", "", *(f"**{each}**" for each in sums)))
    name, *sums = _sums("total", (*made.items, *made.fixed))
    rows.append((f"**{name}**", "", *(f"**{each}**" for each in sums)))
    return _table(("item", "amount in the first month", "first month", "later month"), rows)


def _uploads() -> str:
    def row(name: str, *amounts: float) -> tuple[str, ...]:
        return name, *map(_amount, amounts)

    kinds = [UPLOADS[kind] for kind in Kind]
    uses = [usage.upload_use(kind) for kind in Kind]
    rows = [
        row("S3 writes: PUT and COPY", *(each.s3_puts for each in kinds)),
        row("S3 lists", *(each.s3_lists for each in kinds)),
        row("S3 reads", *(each.s3_reads for each in uses)),
        row("state transitions", *(each.transitions for each in uses)),
        row("DetectModerationLabels calls", *(each.detector_calls for each in uses)),
        row("DynamoDB write units", *(each.table_write_units for each in uses)),
        row("Lambda GB-seconds", *(each.gb_seconds for each in uses)),
        row("SQS requests", *(each.queue_requests for each in uses)),
    ]
    return _table(("per upload", "clean still", "flagged still", f"animation, {kinds[2].views} frames"), rows)


def _ingest() -> str:
    made = estimate(INGEST)
    rows = [
        (each.name, _money(each.first_dollars))
        for each in _worth_showing(made.items)
        if each.name not in (REKOGNITION, ORIGINALS)
    ]
    rows.append(("**sum**", f"**{ingest_dollars():.2f}**"))
    return _table(("10,000 clean uploads of 3 MB", "dollars"), rows)


def _functions() -> str:
    rows = [
        (
            f"`{name}`",
            f"{work.memory_mb:,}",
            f"{work.core_seconds * 1_000:.0f}",
            f"{work.waiting_seconds * 1_000:,.0f}",
            f"{work.gb_seconds:.2f}",
        )
        for name, work in FUNCTIONS.items()
    ]
    return _table(("function", "MB", "CPU, ms", "waiting, ms (assumed)", "GB-seconds"), rows)


def _peers() -> str:
    rows = []
    for uploads, views in ((1_000, 100_000), (10_000, 1_000_000), (100_000, 10_000_000), (100_000, 100_000_000)):
        traffic = replace(EXAMPLE, uploads=uploads, views=views)
        for month, later in (("first", False), ("later", True)):
            costs = peers.compare(traffic, later=later)
            rows += [(f"{uploads:,}", f"{views:,}", month, *_cells(cost)) for cost in costs]
    head = ("uploads", "views", "month", "service", "storage", "requests", "compute", "edge", "fixed", "total")
    return _table((*head, "Rekognition"), rows)


def _cells(cost: PeerCost) -> tuple[str, ...]:
    parts = map(_money, (cost.storage, cost.requests, cost.compute, cost.edge, cost.fixed))
    moderation = "" if cost.moderation is None else _money(cost.moderation)
    return cost.name, *parts, f"**{_money(cost.total)}**", moderation


def _prices() -> str:
    found = {name: value for name, value in vars(prices).items() if isinstance(value, Price)}
    rows = [
        (price.unit, f"{price.dollars:.10f}".rstrip("0").rstrip("."), f"{price.per:,}", price.source, price.checked)
        for price in found.values()
    ]
    for area in prices.VIEWER_AREAS.values():
        first = area.gb_tiers[0][1]
        rows.append(
            (f"GB to viewers in {area.name}, the first 10 TB", f"{first}", "1", area.request.source, "the page itself")
        )
        price = area.request
        rows.append((f"{price.unit} of viewers in {area.name}", f"{price.dollars}", f"{price.per:,}", price.source, ""))
    return _table(("unit", "dollars", "per", "page", "compared with"), rows)


TABLES: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {
        "example": _example,
        "uploads": _uploads,
        "ingest": _ingest,
        "functions": _functions,
        "peers": _peers,
        "prices": _prices,
    }
)
"""The tables of docs/costs.md by the names of their markers."""
