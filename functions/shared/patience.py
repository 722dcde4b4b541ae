"""How long and how often a function tries to reach AWS, with an SDK or without. No dependencies."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

CONNECT_TIMEOUT_SECONDS: Final = 2
READ_TIMEOUT_SECONDS: Final = 10
ATTEMPTS: Final = 3
"""How often a call is tried in all; AWS_MAX_ATTEMPTS overrides it."""


@dataclass(frozen=True)
class Patience:
    """For how many seconds a function waits and tries again. Tests have a clock of their own."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
