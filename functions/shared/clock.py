"""The time, in the one form in which records, history and answers write it."""

from datetime import UTC, datetime


def now() -> str:
    """Return the current time as ISO 8601 in UTC with milliseconds, such as ``2026-11-24T09:30:00.123Z``.

    Texts of this form sort as the times do.
    """
    return iso(datetime.now(UTC))


def iso(moment: datetime) -> str:
    """Return a moment that knows its time zone in the same form."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
