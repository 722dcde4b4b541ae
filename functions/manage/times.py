"""Times of requests: RFC 3339 with a time zone."""

import re
from typing import Any, Final

_RFC_3339: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII | re.IGNORECASE
)


def rfc_3339(value: Any) -> Any:
    """Return a time as it is. Raises ValueError for other forms that pydantic would read, such as epoch seconds."""
    if value is not None and not (isinstance(value, str) and _RFC_3339.fullmatch(value)):
        raise ValueError("must be a time such as 2026-11-24T09:30:00Z")
    return value
