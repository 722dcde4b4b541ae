"""The results of a demo: the record, states, events and downloaded variants of each sample."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Console

from local.demo.samples import Sample
from local.executions import StatePassed

WAYS: Final = {"api": "API", "put": "PUT", "post": "POST"}


@dataclass(frozen=True)
class Variant:
    """One response to a request for a picture."""

    parameters: dict[str, str | int]
    status: int
    content_type: str
    body: bytes


@dataclass
class Run:
    """The processing of one sample."""

    sample: Sample
    image_id: str
    record: dict[str, Any] = field(default_factory=dict)
    states: list[StatePassed] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    """The types of the events that the receiver of webhooks got and verified."""

    @property
    def status(self) -> str:
        """The final status."""
        return str(self.record.get("status", "UNKNOWN"))

    @property
    def as_expected(self) -> bool:
        """Whether status, reason and event match the manifest, and all variants were served."""
        return (
            self.status == self.sample.expected
            and self.record.get("reason") == self.sample.reason
            and self.events == [f"image.{self.status.lower()}"]
            and all(variant.status == 200 for variant in self.variants)
        )

    @property
    def labels(self) -> list[str]:
        """The moderation labels, as text."""
        return [f"{each['name']} {each['confidence']:.0f} %" for each in self.record.get("labels") or []]


@dataclass(frozen=True)
class DemoResult:
    """All runs of a demo."""

    runs: list[Run]

    @property
    def surprises(self) -> list[Run]:
        """Runs with a different result than in the manifest."""
        return [run for run in self.runs if not run.as_expected]

    def print_end(self, console: Console) -> None:
        """Print the last lines: unexpected results, if any, and the counts by upload method and by outcome."""
        for run in self.surprises:
            console.print(
                f"[red]unexpected result[/]: {run.sample.file} is {run.status} {run.record.get('reason') or ''}"
            )
        heard = Counter(event for run in self.runs for event in run.events)
        ways = Counter(run.sample.way for run in self.runs)
        statuses = Counter(run.status for run in self.runs)
        served = sum(variant.status == 200 for run in self.runs for variant in run.variants)
        console.print("events by webhook: " + ", ".join(f"{event} {count}" for event, count in sorted(heard.items())))
        console.print("uploaded by " + ", ".join(f"{name} {ways[way]}" for way, name in WAYS.items()))
        console.print(
            f"demo: {len(self.runs)} uploaded, {statuses['PUBLISHED']} published, {statuses['BLURRED']} blurred, "
            f"{statuses['REJECTED']} rejected, {served} served"
        )
