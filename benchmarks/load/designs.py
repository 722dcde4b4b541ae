"""The designs that are compared: how an upload gets from its event to an execution, and what throttling does to it."""

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from benchmarks.load.definition import BUSY, THROTTLED, Retrier
from benchmarks.load.quotas import Account

LADDER: Final = Retrier(
    frozenset({THROTTLED, BUSY}), interval_seconds=2, max_attempts=6, max_delay_seconds=60, full_jitter=True
)
"""What throttling met before this simulation: six retries, 61 s on average."""
PATIENT: Final = Retrier(
    frozenset({THROTTLED, BUSY}), interval_seconds=2, max_attempts=600, max_delay_seconds=300, full_jitter=True
)
"""A retry every 150 s on average, for 25 hours."""
SLOT_TAKEN: Final = "DynamoDB.ConditionalCheckFailedException"
SLOT: Final = Retrier(
    frozenset({SLOT_TAKEN}), interval_seconds=2, max_attempts=600, max_delay_seconds=300, full_jitter=True
)
"""Waiting for a slot by trying again."""

LADDER_TIMEOUT_SECONDS: Final = 1_800.0
PATIENT_TIMEOUT_SECONDS: Final = 108_000.0
"""The time limit of an execution: with patience, 30 hours. A history holds 25,000 events: a retried Task takes three,
a round of `moderate` without an end seven, so 30 hours of either fit."""

DETECTOR_PATIENCE_SECONDS: Final = 50.0
"""For how long one invocation of `moderate` repeats throttled calls, where it does: the function has 60 s."""
CONCURRENCY_SHARE: Final = 0.3
DETECTOR_SECONDS: Final = 3.0
FEWEST_IN_FLIGHT: Final = 2
"""See `in_flight_of`. Lambda takes no smaller maximum concurrency than two for the consumer of a queue."""


class Admission(Enum):
    """What stands between an event and the work.

    DIRECT     EventBridge starts the execution.
    SEMAPHORE  so it does; the execution counts itself in a DynamoDB item and tries again while too many are counted.
    QUEUE      a queue, and a function that starts executions at a bounded number at once, and returns.
    LEASES     a queue, and a function that starts an execution when it has a lease; each ending gives its lease back.
    WAIT       a queue, and a function that starts executions, and returns when they have ended.
    """

    DIRECT = auto()
    SEMAPHORE = auto()
    QUEUE = auto()
    LEASES = auto()
    WAIT = auto()


class Throttled(Enum):
    """What `moderate` does when Rekognition throttles it.

    GIVES_UP    after three attempts at a call: all answers are lost, and the Task may be retried.
    STARTS_OVER the same, after repeating calls for as long as the function has.
    KEEPS       as long, and then it returns the answers that it has; the next invocation goes on from there.
    """

    GIVES_UP = auto()
    STARTS_OVER = auto()
    KEEPS = auto()


@dataclass(frozen=True)
class Design:
    """One way to build it. ``throttling`` is the retrier of each function for being throttled.

    ``in_flight`` bounds the executions that work, ``batch`` is how many uploads one invocation of `admit` takes, and
    ``pollers`` how many invocations run at once. `admit` looks every ``poll_seconds`` whether something has ended or a
    lease is free, and waits for ``wait_seconds`` at most: a function of 600 s.
    """

    name: str
    admission: Admission
    throttling: Retrier
    detector: Throttled
    timeout_seconds: float
    in_flight: int = 0
    pollers: int = 0
    batch: int = 1
    poll_seconds: float = 0.5
    wait_seconds: float = 570.0


def in_flight_of(account: Account) -> int:
    """Return how many executions may work at once in an account.

    By concurrency: each takes two, its function's and that of the `admit` which waits for it; 40 % are left to requests
    and what follows a publication. By the detector: three seconds' worth of calls keep it busy, and if all pictures
    take 64 calls, each still ends in 192 s on average, before `admit` stops waiting.
    """
    by_concurrency = CONCURRENCY_SHARE * account.concurrency
    by_detector = DETECTOR_SECONDS * account.detector_calls_per_second
    return max(FEWEST_IN_FLIGHT, int(min(by_concurrency, by_detector)))


def before() -> Design:
    """Return what was deployed before: the ladder, and three attempts at each detector call."""
    return Design("before", Admission.DIRECT, LADDER, Throttled.GIVES_UP, LADDER_TIMEOUT_SECONDS)


def patient(*, throttling: Retrier = PATIENT, detector: Throttled = Throttled.KEEPS) -> Design:
    """Return the design of before with patience alone."""
    return Design("patient retriers", Admission.DIRECT, throttling, detector, PATIENT_TIMEOUT_SECONDS)


def semaphore(account: Account) -> Design:
    """Return patience behind a counter that executions poll."""
    return replace(patient(), name="counter, polled", admission=Admission.SEMAPHORE, in_flight=in_flight_of(account))


def queue(account: Account) -> Design:
    """Return patience behind a queue that bounds starts."""
    return replace(patient(), name="queue, starts", admission=Admission.QUEUE, pollers=in_flight_of(account))


def leases(account: Account) -> Design:
    """Return patience behind a queue and leases."""
    limit = in_flight_of(account)
    return replace(patient(), name="queue, leases", admission=Admission.LEASES, in_flight=limit, pollers=2, batch=10)


def start_and_wait(account: Account, *, in_flight: int | None = None, batch: int = 1) -> Design:
    """Return patience behind a queue whose consumer waits for what it starts."""
    limit = in_flight or in_flight_of(account)
    return replace(
        patient(),
        name="queue, starts and waits",
        admission=Admission.WAIT,
        in_flight=limit,
        pollers=max(FEWEST_IN_FLIGHT, limit // batch),
        batch=batch,
    )


def designs(account: Account) -> tuple[Design, ...]:
    """Return what is compared in an account."""
    return (before(), patient(), semaphore(account), queue(account), leases(account), start_and_wait(account))
