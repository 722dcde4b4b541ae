"""Timeouts and attempts of calls to AWS, with an SDK or without, and how long a function waits and retries."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

CONNECT_TIMEOUT_SECONDS: Final = 2
READ_TIMEOUT_SECONDS: Final = 10
ATTEMPTS: Final = 3
"""Attempts of one call, the first one included; AWS_MAX_ATTEMPTS overrides it."""


@dataclass(frozen=True)
class TimeBudget:
    """For how many seconds a function waits and retries. Tests use their own clock."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
