"""The result of a run, for the tables and load.json."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from benchmarks.load.definition import Ending
from benchmarks.load.designs import Admission
from benchmarks.load.platform import AWS
from benchmarks.load.quotas import (
    DOLLARS_PER_DETECTOR_CALL,
    DOLLARS_PER_GB_SECOND,
    DOLLARS_PER_INVOCATION,
    DOLLARS_PER_QUEUE_REQUEST,
    DOLLARS_PER_TABLE_WRITE,
    DOLLARS_PER_TRANSITION,
)
from benchmarks.load.simulation import VIEWS_PER_SECOND, Scenario, Simulation, Upload

REQUESTS_PER_MESSAGE = 3
"""Send, receive, delete."""
WRITES_PER_LEASE = 2
"""Acquire and release."""


@dataclass(frozen=True)
class Result:
    """One run. Times are in seconds from an upload's arrival, without probes; None if nothing was judged.

    ``coordination_dollars_per_1000`` is the cost of 1,000 uploads excluding the processing itself: state transitions,
    detector calls whose answers were discarded, queue, `admit`, leases. ``views_throttled`` is the share of requests
    for new variants in which `serve` was throttled.
    """

    design: str
    account: str
    arrivals: str
    in_flight: int
    batch: int
    uploads: int
    judged: int
    held: int
    failed: int
    lost: int
    last_verdict_seconds: float | None
    median_seconds: float | None
    p95_seconds: float | None
    single_upload_seconds: float | None
    transitions_per_upload: float
    detector_calls: int
    wasted_calls: int
    coordination_dollars_per_1000: float
    views_throttled: float
    most_in_flight: int


def result_of(scenario: Scenario, run: Simulation) -> Result:
    """Return the result of a finished run."""
    endings = Counter(upload.ending for upload in run.uploads)
    judged = [upload for upload in run.uploads if upload.ending is Ending.JUDGED]
    waits = sorted(_wait(upload) for upload in judged if not upload.picture.probe)
    probes = [_wait(upload) for upload in judged if upload.picture.probe]
    last = max((upload.ended_at for upload in judged if not upload.picture.probe), default=None)
    counts, number = run.counts, len(run.uploads)
    return Result(
        design=scenario.design.name,
        account=scenario.account.name,
        arrivals=_arrivals(scenario),
        in_flight=scenario.design.in_flight,
        batch=scenario.design.batch,
        uploads=number,
        judged=endings[Ending.JUDGED],
        held=endings[Ending.HELD],
        failed=endings[Ending.FAILED],
        lost=endings[Ending.LOST],
        last_verdict_seconds=_rounded(last),
        median_seconds=_rounded(median(waits) if waits else None),
        p95_seconds=_rounded(_p95(waits)),
        single_upload_seconds=_rounded(median(probes) if probes else None),
        transitions_per_upload=round(sum(upload.transitions for upload in run.uploads) / number, 2),
        detector_calls=counts.detector_calls,
        wasted_calls=counts.wasted_calls,
        coordination_dollars_per_1000=round(1_000 * _coordination_dollars(scenario, run) / number, 3),
        views_throttled=round(counts.views_throttled / counts.views, 4) if counts.views else 0.0,
        most_in_flight=counts.most_in_flight,
    )


def _arrivals(scenario: Scenario) -> str:
    usual = scenario.views_per_second in {0.0, VIEWS_PER_SECOND}
    return scenario.arrivals.name + ("" if usual else f", {scenario.views_per_second:g} views a second")


def _coordination_dollars(scenario: Scenario, run: Simulation) -> float:
    counts, admission = run.counts, scenario.design.admission
    transitions = sum(upload.transitions for upload in run.uploads)
    dollars = transitions * DOLLARS_PER_TRANSITION + counts.wasted_calls * DOLLARS_PER_DETECTOR_CALL
    if admission in {Admission.QUEUE, Admission.LEASES, Admission.WAIT}:
        gigabytes = AWS.work["admit"].memory_mb / 1024
        dollars += len(run.uploads) * REQUESTS_PER_MESSAGE * DOLLARS_PER_QUEUE_REQUEST
        dollars += counts.admit_seconds * gigabytes * DOLLARS_PER_GB_SECOND
        dollars += run.lambda_.invocations["admit"] * DOLLARS_PER_INVOCATION
    if admission is Admission.LEASES:
        dollars += len(run.uploads) * WRITES_PER_LEASE * DOLLARS_PER_TABLE_WRITE
    if admission is Admission.SEMAPHORE:
        dollars += (counts.slot_writes + len(run.uploads)) * DOLLARS_PER_TABLE_WRITE
    return dollars


def _wait(upload: Upload) -> float:
    return upload.ended_at - upload.picture.arrives


def _p95(waits: Sequence[float]) -> float | None:
    if len(waits) < 2:
        return waits[0] if waits else None
    return quantiles(waits, n=20, method="inclusive")[-1]


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
