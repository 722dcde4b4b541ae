"""Parses durations and times on the command line: ``90m``, ``2027-01-31T09:00:00Z``."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import typer

_DURATION: Final = re.compile(r"([1-9][0-9]{0,8})([smhd]?)")
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(text: str) -> timedelta:
    """Read a duration. Raises typer.BadParameter."""
    match = _DURATION.fullmatch(text)
    if not match:
        raise typer.BadParameter("must be a number of seconds, or a number with s, m, h or d, for example 90m")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def past(text: str) -> datetime:
    """Read a time, or a duration before now. Raises typer.BadParameter."""
    if not text.endswith(("s", "m", "h", "d")):
        return moment(text)
    try:
        return datetime.now(UTC) - duration(text)
    except OverflowError as error:
        raise typer.BadParameter("is before the year 1") from error


def moment(text: str) -> datetime:
    """Read a time; without a zone it is UTC. Raises typer.BadParameter."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("must be a time like 2027-01-31T09:00:00Z") from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)
