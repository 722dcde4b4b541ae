"""How long the phases of a request take, in ms by phase: for Server-Timing and metrics."""

from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")


def measured(work: Callable[[], T]) -> tuple[T, float]:
    """Return the result of ``work`` and its duration in ms."""
    started = perf_counter()
    result = work()
    return result, (perf_counter() - started) * 1000


def summed(*timings_ms: dict[str, float]) -> dict[str, float]:
    """Return the total duration of each phase in ms."""
    total: dict[str, float] = {}
    for each in timings_ms:
        for phase, milliseconds in each.items():
            total[phase] = total.get(phase, 0.0) + milliseconds
    return total
