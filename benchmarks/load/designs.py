"""The compared designs: how an upload's event leads to an execution, and how each design handles throttling."""

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from benchmarks.load.definition import BUSY, THROTTLED, Retrier
from benchmarks.load.quotas import Account

LADDER: Final = Retrier(
    frozenset({THROTTLED, BUSY}), interval_seconds=2, max_attempts=6, max_delay_seconds=60, full_jitter=True
)
"""The retries for throttling before ADR 26: six, 61 s on average."""
PATIENT: Final = Retrier(
    frozenset({THROTTLED, BUSY}), interval_seconds=2, max_attempts=600, max_delay_seconds=300, full_jitter=True
)
"""A retry every 150 s on average, for 25 hours."""
SLOT_TAKEN: Final = "DynamoDB.ConditionalCheckFailedException"
SLOT: Final = Retrier(
    frozenset({SLOT_TAKEN}), interval_seconds=2, max_attempts=600, max_delay_seconds=300, full_jitter=True
)
"""Retries until a slot is free."""

LADDER_TIMEOUT_SECONDS: Final = 1_800.0
PATIENT_TIMEOUT_SECONDS: Final = 108_000.0
"""The time limit of an execution with patient retriers: 30 hours. A history holds 25,000 events. A retried Task adds
three and an unfinished round of `moderate` seven, so 30 hours of either fit."""

DETECTOR_PATIENCE_SECONDS: Final = 50.0
"""How long one invocation of `moderate` repeats throttled calls, if the design repeats them. Its timeout is 60 s."""
CONCURRENCY_SHARE: Final = 0.3
DETECTOR_SECONDS: Final = 3.0
FEWEST_IN_FLIGHT: Final = 2
"""See `in_flight_of`. Lambda's smallest maximum concurrency for the consumer of a queue is 2."""


class Admission(Enum):
    """How an event leads to a running execution.

    DIRECT     EventBridge starts the execution.
    SEMAPHORE  as DIRECT, but the execution counts itself in a DynamoDB item and retries while the count is too high.
    QUEUE      a queue and a function, with limited concurrency, that starts executions and returns.
    LEASES     a queue and a function that starts an execution for each free lease; a lease is released at the end.
    WAIT       a queue and a function that starts executions and returns when they have ended.
    """

    DIRECT = auto()
    SEMAPHORE = auto()
    QUEUE = auto()
    LEASES = auto()
    WAIT = auto()


class Throttled(Enum):
    """What `moderate` does when Rekognition throttles it.

    GIVES_UP    fails after three attempts at a call and loses all answers; the Task may be retried.
    STARTS_OVER repeats calls until its time is used up, then fails and loses all answers.
    KEEPS       repeats calls until its time is used up, then returns its answers; the next invocation continues.
    """

    GIVES_UP = auto()
    STARTS_OVER = auto()
    KEEPS = auto()


@dataclass(frozen=True)
class Design:
    """One design. ``throttling`` is the retrier that each function's Task has for throttling.

    ``in_flight`` limits the executions in progress, ``batch`` is how many uploads one invocation of `admit` takes, and
    ``pollers`` is how many invocations run at once. `admit` checks every ``poll_seconds`` whether an execution ended or
    a lease is free, for at most ``wait_seconds``; its timeout is 600 s.
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
    """Return how many executions may be in progress at once in an account.

    By concurrency: each needs two invocations at once, its function and the `admit` that waits for it; 40 % remain for
    requests and the work after publication. By detector: three executions for each call per second keep it busy, and
    even if all pictures take 64 calls, each ends in 192 s on average, before `admit` stops waiting.
    """
    by_concurrency = CONCURRENCY_SHARE * account.concurrency
    by_detector = DETECTOR_SECONDS * account.detector_calls_per_second
    return max(FEWEST_IN_FLIGHT, int(min(by_concurrency, by_detector)))


def before() -> Design:
    """Return the earlier design: the short retry ladder, and three attempts at each detector call."""
    return Design("before", Admission.DIRECT, LADDER, Throttled.GIVES_UP, LADDER_TIMEOUT_SECONDS)


def patient(*, throttling: Retrier = PATIENT, detector: Throttled = Throttled.KEEPS) -> Design:
    """Return the earlier design with patient retriers."""
    return Design("patient retriers", Admission.DIRECT, throttling, detector, PATIENT_TIMEOUT_SECONDS)


def semaphore(account: Account) -> Design:
    """Return patient retriers with a counter that executions poll."""
    return replace(patient(), name="counter, polled", admission=Admission.SEMAPHORE, in_flight=in_flight_of(account))


def queue(account: Account) -> Design:
    """Return patient retriers with a queue that limits starts."""
    return replace(patient(), name="queue, starts", admission=Admission.QUEUE, pollers=in_flight_of(account))


def leases(account: Account) -> Design:
    """Return patient retriers with a queue and leases."""
    limit = in_flight_of(account)
    return replace(patient(), name="queue, leases", admission=Admission.LEASES, in_flight=limit, pollers=2, batch=10)


def start_and_wait(account: Account, *, in_flight: int | None = None, batch: int = 1) -> Design:
    """Return patient retriers with a queue whose consumer waits for the executions it starts."""
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
    """Return the designs to compare in an account."""
    return (before(), patient(), semaphore(account), queue(account), leases(account), start_and_wait(account))
