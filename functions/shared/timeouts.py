"""Timeouts and attempts of calls to AWS, with an SDK or without."""

from typing import Final

CONNECT_TIMEOUT_SECONDS: Final = 2
READ_TIMEOUT_SECONDS: Final = 10
ATTEMPTS: Final = 3
"""Attempts of one call, the first one included; AWS_MAX_ATTEMPTS overrides it."""
