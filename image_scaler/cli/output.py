"""The output of commands: results on standard output, everything else on standard error.

With --json a result is one JSON document on one line. Otherwise it is text for people; ids and URLs are printed without
other text, for scripts.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import typer

from image_scaler.client.errors import ResponseError
from image_scaler.client.results import Image


def write_result(document: Mapping[str, Any], text: str, *, as_json: bool) -> None:
    """Print one result."""
    typer.echo(json.dumps(document, ensure_ascii=False) if as_json else text)


def write_note(text: str) -> None:
    """Print a message that is not part of the result."""
    typer.echo(text, err=True)


def write_error(error: Exception, exit_code: int, *, as_json: bool) -> None:
    """Print an error: a line, or a JSON document with kind, message, exit code and problem document."""
    if not as_json:
        typer.echo(f"image-scaler: {error}", err=True)
        return
    document: dict[str, Any] = {"error": type(error).__name__, "message": str(error), "exit_code": int(exit_code)}
    if isinstance(error, ResponseError):
        document["problem"] = {"status": error.status, "title": error.problem.title, **error.problem.document}
    typer.echo(json.dumps(document, ensure_ascii=False), err=True)


def describe(image: Image) -> str:
    """Return a record as text for people."""
    lines = [f"{image.id}  {image.status}"]

    def add(title: str, *parts: object) -> None:
        said = ", ".join(str(part) for part in parts if part)
        if said:
            lines.append(f"  {title:<10}{said}")

    add("file", image.filename, image.content_type)
    add("owner", image.owner, image.tenant and f"tenant {image.tenant}")
    add("reason", image.reason, image.detail)
    add("error", image.error)
    add("hold", "under legal hold" if image.legal_hold else None)
    add("removal", image.removal and image.removal.status, image.removal and image.removal.step)
    if original := image.original:
        size = f"{original.width} x {original.height} px"
        frames = f"{original.frames} frames" if original.frames > 1 else None
        add("original", size, f"{original.bytes:,} bytes", original.format, frames)
        add("sha256", original.sha256)
    if image.verdict:
        add("verdict", image.verdict.decision, f"policy {image.verdict.policy_version}")
    add("labels", *(f"{label.name} {label.confidence:.0f} %" for label in image.labels))
    add("pictures", *(f"{each.width} x {each.height}" for each in image.renditions))
    add("created", _time(image.created_at))
    for line in image.history:
        add("history", f"{_time(line.at)}  {line.type}", line.reason, line.error)
    return "\n".join(lines)


def summary(image: Image) -> str:
    """Return one line of a listing for people."""
    parts = (image.id, f"{image.status:<15}", _time(image.created_at) or "", image.filename or "", image.reason or "")
    return "  ".join(parts).rstrip()


def counted(counts: Mapping[str, int]) -> str:
    """Return counts by name as text for people."""
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
