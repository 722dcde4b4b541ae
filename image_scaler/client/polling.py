"""Polling: reads something of the API until it is done."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from image_scaler.client.errors import WaitTimeoutError
from image_scaler.client.results import Image, Rejudgement

FIRST_PAUSE_SECONDS: Final = 0.25
LONGEST_PAUSE_SECONDS: Final = 5.0
GROWTH: Final = 1.5

Polled = TypeVar("Polled", Image, Rejudgement)


def poll(
    polled_id: str,
    read: Callable[[str], Polled],
    *,
    is_done: Callable[[Polled], bool],
    changing: Callable[[Polled], object],
    within_seconds: float,
    on_change: Callable[[Polled], None] | None,
    sleep: Callable[[float], None],
) -> Polled:
    """Read something until it is done, and call ``on_change`` whenever ``changing`` has another value.

    ``sleep`` waits for seconds between two reads. Raises WaitTimeoutError.
    """
    deadline = time.monotonic() + within_seconds
    pause, seen = FIRST_PAUSE_SECONDS, None
    while True:
        found = read(polled_id)
        if on_change and changing(found) != seen:
            seen = changing(found)
            on_change(found)
        if is_done(found):
            return found
        left = deadline - time.monotonic()
        if left <= 0:
            raise WaitTimeoutError(polled_id, found.status, within_seconds)
        sleep(min(pause, left))
        pause = min(pause * GROWTH, LONGEST_PAUSE_SECONDS)
