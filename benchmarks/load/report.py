"""Writes the results: benchmarks/load.json, and the tables of docs/scale.md between their markers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks.load.quotas import QUOTAS, Quota
from benchmarks.load.result import Result
from benchmarks.pages import with_tables

CHECKOUT: Final = Path(__file__).resolve().parents[2]
RESULTS: Final = CHECKOUT / "benchmarks" / "load.json"
PAGE: Final = CHECKOUT / "docs" / "scale.md"

_HEAD: Final = (
    "arrivals", "design", "judged", "held", "failed", "last verdict", "median", "a single upload",
    "transitions an upload", "$ per 1,000", "views throttled",
)  # fmt: skip


def document(seed: int, results: Mapping[str, Sequence[Result]]) -> dict[str, Any]:
    """Return the results in the form of load.json."""
    return {
        "seed": seed,
        "quotas": [asdict(quota) for quota in QUOTAS],
        "tables": {key: [asdict(result) for result in rows] for key, rows in results.items()},
    }


def write(results: Mapping[str, Any]) -> None:
    """Write load.json and the tables made from it."""
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")


def page(text: str, results: Mapping[str, Any]) -> str:
    """Return the page with the tables between its markers replaced."""
    made = {key: table([Result(**row) for row in rows]) for key, rows in results["tables"].items()}
    made["quotas"] = _quota_table([Quota(**row) for row in results["quotas"]])
    return with_tables(text, made)


def table(rows: Sequence[Result]) -> str:
    """Return rows as a Markdown table, with an account column if there are several accounts."""
    accounts = len({row.account for row in rows}) > 1
    head = ("account", *_HEAD) if accounts else _HEAD
    lines = [_line(head), _line("--" for _ in head)]
    lines += [_line((row.account, *_cells(row)) if accounts else _cells(row)) for row in rows]
    return "\n".join(lines) + "\n"


def _cells(row: Result) -> tuple[str, ...]:
    design = row.design
    if row.in_flight:
        design += f", {row.in_flight} at work" + (f", {row.batch} a batch" if row.batch > 1 else "")
    return (
        row.arrivals,
        design,
        f"{row.judged:,}",
        f"{row.held:,}",
        f"{row.failed + row.lost:,}",
        duration(row.last_verdict_seconds),
        duration(row.median_seconds),
        duration(row.single_upload_seconds),
        f"{row.transitions_per_upload:.1f}",
        f"{row.coordination_dollars_per_1000:.2f}",
        f"{row.views_throttled:.1%}",
    )


def duration(seconds: float | None) -> str:
    """Return a duration in a readable form: 4.2 s, 310 s, 3.5 h."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 3_600 else f"{seconds / 3_600:.1f} h"


def _quota_table(quotas: Sequence[Quota]) -> str:
    lines = [_line(("quota", "default", "adjustable", "code", "source")), _line("--" for _ in range(5))]
    lines += [
        _line((each.name, f"{each.value:,.0f} {each.unit}", "yes" if each.adjustable else "no", each.code, each.source))
        for each in quotas
    ]
    return "\n".join(lines) + "\n"


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"
