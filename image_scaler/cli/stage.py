"""``image-scaler status`` and ``logs``: what a stage is doing, and what it logged about an image."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import httpx
import typer

from image_scaler.cli.app import AsJson, CommandError, ExitCode, ProfileName, operator_of, profile_of
from image_scaler.cli.durations import moment
from image_scaler.cli.images import ImageId
from image_scaler.cli.output import counted, write_note, write_result
from image_scaler.client import AccessDeniedError, Client, ClientError, Problem, UnreachableError
from image_scaler.client.calls import new_http
from image_scaler.operator.errors import OperatorError
from image_scaler.profiles import Profile

if TYPE_CHECKING:
    from image_scaler.operator.stage import LogLine, StageDetails

UNKNOWN_IMAGE = "0" * 26
_QUIET_MEMBERS = frozenset({"level", "location", "message", "timestamp", "service", "image_id"})


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(status)
    app.command()(logs)


def status(
    newest: Annotated[int, typer.Option(min=1, help="Number of newest images to count by status.")] = 200,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Show whether a stage responds, its newest images by status, and (with AWS credentials) its current activity."""
    chosen = profile_of(profile)
    with Client.from_profile(chosen) as client:
        checks = {"api": _check(lambda: client.page(limit=1))}
        if chosen.viewers:
            checks["pictures"] = _check(lambda: _look_at_nothing(client))
        counts = Counter(image.status for image in islice(client.list(), newest)) if checks["api"] == "ok" else {}
    details = _details(chosen)
    document: dict[str, Any] = {"profile": chosen.name, "edge": chosen.edge, "checks": checks, "images": dict(counts)}
    if details:
        document |= {"running": details.running, "waiting": details.waiting, "alarms": details.alarms}
    write_result(document, _told(chosen, checks, counts, details), as_json=as_json)
    for answer, code in (("unreachable", ExitCode.UNREACHABLE), ("denied", ExitCode.DENIED)):
        if answer in checks.values():
            raise typer.Exit(code)
    if set(checks.values()) != {"ok"}:
        raise typer.Exit(ExitCode.FAILED)


def logs(
    image_id: ImageId,
    since: Annotated[
        datetime | None,
        typer.Option(parser=moment, metavar="TIME", help="Start of the search (default: the creation time in the id)."),
    ] = None,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Print the log lines of an image from all functions, oldest first."""
    for line in operator_of(profile_of(profile)).log_lines(image_id, since=since):
        said = line.document if line.document is not None else line.message
        document = {"at": line.at.isoformat(), "source": line.source, "log": said}
        write_result(document, _log_line(line), as_json=as_json)


def _details(profile: Profile) -> "StageDetails | None":
    """Return the stage's activity, or None (after a note with the reason) if it cannot be read."""
    try:
        return operator_of(profile).details()
    except (CommandError, OperatorError) as error:
        write_note(f"no details of the stage: {error}")
        return None


def _check(call: Callable[[], object]) -> str:
    try:
        call()
    except UnreachableError:
        return "unreachable"
    except AccessDeniedError:
        return "denied"
    except ClientError as error:
        return str(error)
    return "ok"


def _look_at_nothing(client: Client) -> None:
    """Request a picture with an unused id: the edge must accept the key and return 404."""
    url = client.pictures.url(UNKNOWN_IMAGE, width=16)
    with new_http() as http:
        try:
            answer = http.get(url)
        except httpx.TransportError as error:
            raise UnreachableError(str(error)) from error
    if answer.status_code == httpx.codes.FORBIDDEN:
        raise AccessDeniedError(Problem.read(answer.status_code, answer.content))
    if answer.status_code != httpx.codes.NOT_FOUND:
        raise ClientError(f"{answer.status_code} instead of 404")


def _told(profile: Profile, checks: dict[str, str], counts: dict[str, int], details: "StageDetails | None") -> str:
    lines = [f"{'edge':<10}{profile.edge}"]
    lines += [f"{name:<10}{answer}" for name, answer in checks.items()]
    lines.append(f"{'images':<10}{counted(counts) or 'none'} (of the newest)")
    if details:
        lines.append(f"{'running':<10}{counted(details.running) or 'nothing'}")
        lines.append(f"{'waiting':<10}{counted(details.waiting) or 'nothing'}")
        lines.append(f"{'alarms':<10}{', '.join(details.alarms) or 'none'}")
    return "\n".join(lines)


def _log_line(line: "LogLine") -> str:
    at = line.at.strftime("%H:%M:%S.%f")[:-3]
    if line.document is None:
        return f"{at}  {line.source}  {line.message}"
    document = line.document
    rest = "  ".join(f"{name}={value}" for name, value in document.items() if _is_told(name, value))
    head = (
        f"{at}  {document.get('service', line.source):<9} {document.get('level', ''):<7} {document.get('message', '')}"
    )
    return f"{head}  {rest}".rstrip()


def _is_told(name: str, value: object) -> bool:
    """Return whether to print a member of a log line: not the function's context and metrics."""
    return (
        name not in _QUIET_MEMBERS
        and not name.startswith(("function_", "cold_start", "xray", "_aws"))
        and value not in (None, "")
        and not isinstance(value, dict)
    )
