"""The number of cases of a randomized test: few in `make test`, thousands in `make test-long`."""

import os
from typing import Final

LONG: Final = "IMAGE_SCALER_LONG"
"""The environment variable that `make test-long` sets."""


def counted(usual: int, long: int) -> int:
    """Return the number of cases for this run."""
    return long if os.environ.get(LONG) else usual
