"""How long the phases of an answer take, in ms by name: for Server-Timing and metrics."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


@contextmanager
def timed(timings_ms: dict[str, float], phase: str) -> Iterator[None]:
    """Add how long the block took to its phase, in ms."""
    started = perf_counter()
    yield
    timings_ms[phase] = timings_ms.get(phase, 0.0) + (perf_counter() - started) * 1000


def summed(*timings_ms: dict[str, float]) -> dict[str, float]:
    """Return how long each phase took in all of these together."""
    total: dict[str, float] = {}
    for each in timings_ms:
        for phase, duration in each.items():
            total[phase] = total.get(phase, 0.0) + duration
    return total
