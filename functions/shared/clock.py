"""The time in the format of records, history and API responses."""

from datetime import UTC, datetime


def now() -> str:
    """Return the current time as ISO 8601 in UTC with milliseconds, such as ``2026-11-24T09:30:00.123Z``.

    Strings of this form sort by time.
    """
    return iso(datetime.now(UTC))


def iso(moment: datetime) -> str:
    """Return a datetime with a time zone in the same form."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
