"""When a message is tried again after a failed attempt."""

import random
from collections.abc import Callable
from typing import Final

from functions.shared.webhooks import ATTEMPTS, DELAYS_SECONDS, LONGEST_DELAY_SECONDS

JITTER: Final = 0.1
"""A delay is up to a tenth shorter, so that messages which failed together are not tried together."""


def delay_seconds(attempt: int, *, retry_after_seconds: int = 0, chance: Callable[[], float] = random.random) -> int:
    """Return how many seconds after failed ``attempt`` (the first is 1) the message is tried again.

    ``retry_after_seconds`` is the least that the receiver asked for. After the last attempt it is 0: the queue then
    moves the message. ``chance`` returns a number from 0 up to 1.
    """
    if attempt >= ATTEMPTS:
        return 0
    delay = DELAYS_SECONDS[max(attempt, 1) - 1] * (1 - JITTER * chance())
    return min(max(round(delay), retry_after_seconds), LONGEST_DELAY_SECONDS)
