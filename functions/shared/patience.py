"""How long and how often a function tries to reach AWS, with an SDK or without. No dependencies."""

from typing import Final

CONNECT_TIMEOUT_SECONDS: Final = 2
READ_TIMEOUT_SECONDS: Final = 10
ATTEMPTS: Final = 3
"""How often a call is tried in all; AWS_MAX_ATTEMPTS overrides it."""
