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
