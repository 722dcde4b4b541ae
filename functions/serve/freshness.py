"""Validators of a variant, and whether a client's copy is still good (RFC 9110, section 13).

The ETag is made from the image's revision and the variant's spelling, so it is known before any picture is read. It is
weak: a newer encoder may write other bytes of the same picture.
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
    """Return the Last-Modified header's value of an ISO 8601 time."""
    return format_datetime(datetime.fromisoformat(changed_at).astimezone(UTC), usegmt=True)


def is_fresh(*, if_none_match: str, if_modified_since: str, etag: str, last_modified: str) -> bool:
    """Tell whether the client's copy may be used. If-None-Match wins; a date that cannot be read counts for nothing."""
    if if_none_match:
        return if_none_match.strip() == "*" or etag.removeprefix("W/") in _TAG.findall(if_none_match)
    since = _date(if_modified_since)
    return since is not None and parsedate_to_datetime(last_modified) <= since


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # all of these were seen on garbage
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
