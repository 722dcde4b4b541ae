"""Quotas, which refuse a request, delay it, or let it through."""

from collections import Counter
from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

SCALING_STEP: Final = 1_000.0
SCALING_PER_SECOND: Final = 100.0
"""How fast Lambda adds environments to one function: 1,000 every 10 s, refilled continuously; unused capacity does not
accumulate (Lambda Developer Guide, "Lambda scaling behavior")."""


class TokenBucket:
    """A bucket of ``size`` tokens, refilled at ``rate`` tokens per second. It starts full."""

    def __init__(self, size: float, rate: float) -> None:
        self._size = size
        self._rate = rate
        self._tokens = size
        self._at = 0.0

    def take(self, now: float) -> bool:
        """Take a token and return True; return False if there is none and the request is refused."""
        self._refill(now)
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def delay(self, now: float, count: int = 1) -> float:
        """Take ``count`` tokens and return the seconds until they are available, for a request that waits."""
        self._refill(now)
        self._tokens -= count
        return max(0.0, -self._tokens / self._rate)

    def _refill(self, now: float) -> None:
        self._tokens = min(self._size, self._tokens + (now - self._at) * self._rate)
        self._at = now


class Entry(Enum):
    """How Lambda responds to an invocation."""

    THROTTLED = auto()
    COLD = auto()
    WARM = auto()


class Lambda:
    """An account's Lambda concurrency: the shared pool, reserved concurrency, and how fast each function scales.

    ``reserved`` is each function's reserved concurrency, which is guaranteed and also its maximum; all other functions
    share the rest. Environments are never reclaimed: a run is either too short for that or keeps them busy.
    """

    def __init__(self, concurrency: int, reserved: Mapping[str, int]) -> None:
        self._reserved = reserved
        self._shared = concurrency - sum(reserved.values())
        self._running: Counter[str] = Counter()
        self._running_shared = 0
        self._environments: Counter[str] = Counter()
        self._scaling: dict[str, TokenBucket] = {}
        self.invocations: Counter[str] = Counter()
        self.throttles: Counter[str] = Counter()

    def enter(self, function: str, now: float) -> Entry:
        """Begin an invocation, unless it is throttled."""
        entry = self._entry(function, now)
        if entry is Entry.THROTTLED:
            self.throttles[function] += 1
            return entry
        self.invocations[function] += 1
        self._running[function] += 1
        if function not in self._reserved:
            self._running_shared += 1
        return entry

    def leave(self, function: str) -> None:
        """End an invocation."""
        self._running[function] -= 1
        if function not in self._reserved:
            self._running_shared -= 1

    def _entry(self, function: str, now: float) -> Entry:
        ceiling = self._reserved.get(function)
        if self._running_shared >= self._shared if ceiling is None else self._running[function] >= ceiling:
            return Entry.THROTTLED
        if self._running[function] < self._environments[function]:
            return Entry.WARM
        bucket = self._scaling.setdefault(function, TokenBucket(SCALING_STEP, SCALING_PER_SECOND))
        if not bucket.take(now):
            return Entry.THROTTLED
        self._environments[function] += 1
        return Entry.COLD
