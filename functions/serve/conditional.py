"""Conditional requests: a variant's validators, and whether a client's copy is still valid (RFC 9110, section 13).

The ETag is derived from the image's revision and the variant's canonical spelling, so it is known before a picture is
read. It is weak: another release may encode the same picture to other bytes.
"""

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256

_TAG = re.compile(r'"[^"]*"')


def etag_of(revision: int, canonical: str) -> str:
    """Return the ETag header's value."""
    return f'W/"{revision}-{sha256(canonical.encode()).hexdigest()[:16]}"'


def last_modified_of(changed_at: str) -> str:
    """Return the Last-Modified header's value for an ISO 8601 time."""
    return format_datetime(datetime.fromisoformat(changed_at).astimezone(UTC), usegmt=True)


def is_not_modified(*, if_none_match: str, if_modified_since: str, etag: str, last_modified: str) -> bool:
    """Tell whether the client's copy is valid. If-None-Match takes precedence; an invalid date is ignored."""
    if if_none_match:
        return if_none_match.strip() == "*" or etag.removeprefix("W/") in _TAG.findall(if_none_match)
    since = _date(if_modified_since)
    return since is not None and parsedate_to_datetime(last_modified) <= since


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # all of these were seen on invalid dates
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
