"""How often a test repeats itself: a few times in `make test`, thousands of times in `make test-long`."""

import os
from typing import Final

LONG: Final = "IMAGE_SCALER_LONG"
"""The environment variable that `make test-long` sets."""


def counted(usual: int, long: int) -> int:
    """Return the number of repetitions for this run."""
    return long if os.environ.get(LONG) else usual
