"""`python -m benchmarks.rejudging`: time and cost of re-judging 10 million images on AWS, by simulation.

It simulates the items of the two Maps of `rejudge`, call by call: at most so many at the same time, and state
transitions and starts from the token buckets of the account. Then follow the re-processing of images that become
visible, at the stage's rate, and the cost of everything that was counted. The table is in docs/rejudging.md.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.load.limits import TokenBucket
from benchmarks.load.quotas import ACCOUNTS, Account
from benchmarks.pages import with_tables
from image_scaler.costs.model import PRICED
from image_scaler.costs.usage import FUNCTIONS, Kind, Use, Work, upload_use

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "rejudging.md"

IMAGES: Final = 10_000_000
DAYS: Final = 730
RECORD_BYTES: Final = 2_000
"""ASSUMED: a record in the index."""

RECORDS_PER_CALL: Final = 10_000
RECORDS_PER_QUERY: Final = 500
KEYS_PER_READ: Final = 100
DAYS_AT_ONCE: Final = 20
PARTS_AT_ONCE: Final = 10
IMAGES_PER_BATCH: Final = 25
"""Constants of functions/survey and of workflows/rejudge.asl.json; a test compares them."""

JUDGE_CORE_SECONDS: Final = 37e-6
"""Reading and judging one image: measured on one x86-64 core over the library of tests/library.py."""
PARSE_CORE_SECONDS: Final = 60e-6
"""ASSUMED: botocore's parsing of a record and of its labels, which are about 3 KB of JSON."""
AWS_SECONDS: Final = 0.010
"""ASSUMED: one request to DynamoDB, SQS or EventBridge; S3 takes three times as long."""
EXECUTION_SECONDS: Final = 0.1
"""ASSUMED: the time that Step Functions needs for an item besides its Tasks."""
TABLE_READS_PER_SECOND: Final = 40_000
"""Read units of a new on-demand table's index a second: its default quota."""

SURVEY_STATES: Final = 2
"""States of `rejudge` for each call of `survey` on a day: SurveyDay and IsDaySurveyed."""
ITEM_STATES: Final = 2
"""The start of an item's execution, and its last state."""
BATCH_STATES: Final = 3
"""States for each batch: NextBatch, IsPartApplied and DecideBatch."""
RETIRE_STATES: Final = 11
"""States of an execution of `retire` without trouble, with its start."""


@dataclass(frozen=True)
class Scenario:
    """The shares of images that are taken down (block or review), and that are processed again (allow or blur)."""

    name: str
    taken_down: float = 0.0
    processed_again: float = 0.0


SCENARIOS: Final = (
    Scenario("diff or dry run"),
    Scenario("0.1 % is blocked", taken_down=0.001),
    Scenario("1 % is blocked", taken_down=0.01),
    Scenario("0.1 % is shown again", processed_again=0.001),
    Scenario("1 % is shown again", processed_again=0.01),
)


@dataclass(frozen=True)
class Outcome:
    """The simulated seconds of each step, and what all of them use. Processing begins while decisions are applied."""

    survey_seconds: float
    apply_seconds: float
    processing_seconds: float
    use: Use

    @property
    def dollars(self) -> float:
        """The cost, without traffic at the edge."""
        return sum(price.of(getattr(self.use, amount)) for _, _, amount, price in PRICED)


class Buckets:
    """What all executions of the account share."""

    def __init__(self, account: Account) -> None:
        region = account.region
        self.transitions = TokenBucket(region.transition_bucket, region.transitions_per_second)
        self.starts = TokenBucket(region.start_execution_bucket, region.start_execution_per_second)
        self.reads = TokenBucket(TABLE_READS_PER_SECOND, TABLE_READS_PER_SECOND)


def simulate(scenario: Scenario, account: Account, *, in_flight: int) -> Outcome:
    """Simulate one rejudgement. ``in_flight`` is the stage's setting."""
    buckets = Buckets(account)
    per_day = IMAGES // DAYS
    survey = _map(DAYS_AT_ONCE, (list(_survey_calls(per_day)) for _ in range(DAYS)), buckets, begun=0.0)
    down, again = round(per_day * scenario.taken_down), round(per_day * scenario.processed_again)
    applied = survey
    for images, is_taken_down in ((down, True), (again, False)):
        if images:
            parts = (list(_batches(images, is_taken_down=is_taken_down)) for _ in range(DAYS))
            applied = _map(PARTS_AT_ONCE, parts, buckets, begun=applied)
    seconds = sum(FUNCTIONS[name].seconds for name in ("optimize", "moderate", "persist")) + 1.0
    processing = max(applied - survey, again * DAYS * seconds / in_flight) if again else 0.0
    use = _survey_use(per_day).times(DAYS)
    use += _down_use().times(down * DAYS) + _again_use().times(again * DAYS)
    for images in (down, again):
        use += _apply_use(images).times(DAYS)
    return Outcome(survey, applied - survey, processing, use)


@dataclass(frozen=True)
class Call:
    """One invocation in an item: its seconds, and what it takes from the account's buckets."""

    seconds: float
    transitions: int
    reads: int = 0
    starts: int = 0


def _map(at_once: int, items: Iterable[list[Call]], buckets: Buckets, *, begun: float) -> float:
    """Run the items of a Map, ``at_once`` at the same time, and return when the last one ends."""
    places = [begun] * at_once
    waiting, running = iter(items), list[tuple[float, int, list[Call]]]()
    end, number = begun, 0
    while True:
        while places and (item := next(waiting, None)) is not None:
            heapq.heappush(running, (heapq.heappop(places) + EXECUTION_SECONDS, number := number + 1, item))
        if not running:
            return end
        now, order, calls = heapq.heappop(running)
        if not calls:
            end = max(end, now)
            heapq.heappush(places, now)
            continue
        call = calls.pop(0)
        ready = now + max(
            buckets.transitions.delay(now, call.transitions),
            buckets.reads.delay(now, call.reads),
            buckets.starts.delay(now, call.starts),
        )
        heapq.heappush(running, (ready + call.seconds, order, calls))


def _survey_calls(images: int) -> Iterator[Call]:
    """The calls for one day."""
    for start in range(0, images, RECORDS_PER_CALL):
        records = min(RECORDS_PER_CALL, images - start)
        yield Call(_survey_work(records).seconds, SURVEY_STATES, reads=round(_reads(records)))


def _survey_work(records: int) -> Work:
    requests = records / RECORDS_PER_QUERY + records / KEYS_PER_READ + 3 * 3
    core = records * (JUDGE_CORE_SECONDS + PARSE_CORE_SECONDS)
    return Work(1_769, core, requests * AWS_SECONDS)


def _reads(records: int) -> float:
    """Read units of records, whose bytes are added up, and of items of labels, each rounded up; both inconsistent."""
    return records * (RECORD_BYTES / 4_096 / 2 + 0.5)


def _survey_use(images: int) -> Use:
    calls = list(_survey_calls(images))
    work = _survey_work(min(RECORDS_PER_CALL, images))
    return Use(
        gb_seconds=sum(call.seconds for call in calls) * work.memory_mb / 1_024,
        invocations=len(calls),
        transitions=sum(call.transitions for call in calls) + ITEM_STATES,
        table_read_units=_reads(images),
        s3_writes=3 * len(calls),
        log_gb=len(calls) * 2e-6,
    )


def _batches(images: int, *, is_taken_down: bool) -> Iterator[Call]:
    """The calls for the changes of one day in one direction: each batch is handed out, and decided."""
    for start in range(0, images, IMAGES_PER_BATCH):
        batch = min(IMAGES_PER_BATCH, images - start)
        requests = 8 if is_taken_down else 4
        seconds = 4 * 3 * AWS_SECONDS + batch * requests * AWS_SECONDS
        yield Call(seconds, BATCH_STATES, starts=batch if is_taken_down else 0)


def _apply_use(images: int) -> Use:
    calls = list(_batches(images, is_taken_down=True))
    return Use(
        gb_seconds=len(calls) * 0.12 * 1_769 / 1_024,
        invocations=len(calls) + bool(calls),
        transitions=len(calls) * BATCH_STATES + ITEM_STATES * bool(calls),
        s3_writes=len(calls) + bool(calls),
        s3_reads=2 * len(calls),
    )


def _down_use() -> Use:
    """What taking one image down uses: the decision, the event, and `retire` with its two sweeps and two purges."""
    decide = Work(512, 0.010, 8 * AWS_SECONDS)
    remove = Work(512, 0.010, 12 * AWS_SECONDS)
    return Use(
        gb_seconds=(decide.gb_seconds / IMAGES_PER_BATCH) + 2 * remove.gb_seconds,
        invocations=1 / IMAGES_PER_BATCH + 2,
        transitions=RETIRE_STATES,
        events=3,
        table_read_units=3,
        table_write_units=2 * 3 * 2 + 2 + 3,
        s3_writes=1 + 2 * 3,
        log_gb=5e-6,
    )


def _again_use() -> Use:
    """What processing one image again uses: an upload without the API's requests and without the detector."""
    upload = upload_use(Kind.CLEAN)
    api = Use().of_functions("upload", "manage", "manage")
    saved = Use(
        gb_seconds=api.gb_seconds,
        invocations=api.invocations,
        detector_calls=upload.detector_calls,
        api_requests=upload.api_requests,
        edge_requests=upload.edge_requests,
        edge_functions=upload.edge_functions,
    )
    return upload + saved.times(-1) + Use(table_write_units=2 * 3 + 2 * 1, queue_requests=1)


def table() -> str:
    """Return the table of docs/rejudging.md."""
    (account,) = (each for each in ACCOUNTS if each.name == "default")
    lines = [
        "| 10,000,000 images | survey | decisions applied | processed again, `in_flight` 15 / 120 | US dollars |",
        "| -- | -- | -- | -- | -- |",
    ]
    for scenario in SCENARIOS:
        narrow, wide = (simulate(scenario, account, in_flight=number) for number in (15, 120))
        again = f"{_time(narrow.processing_seconds)} / {_time(wide.processing_seconds)}"
        lines.append(
            f"| {scenario.name} | {_time(narrow.survey_seconds)} | {_time(narrow.apply_seconds)} | "
            f"{again if scenario.processed_again else ''} | {narrow.dollars:.2f} |"
        )
    return "\n".join(lines) + "\n"


def _time(seconds: float) -> str:
    if seconds == 0:
        return ""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"


def main() -> None:
    """Write the table into the page."""
    made = table()
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), {"simulation": made}), encoding="utf-8")
    print(made)


if __name__ == "__main__":
    main()
