"""Commands that operate a stage: ``status``, ``logs``, ``resume``, ``reblur``, ``migrate``, ``preflight``, ``smoke``.

Commands that need AWS credentials import boto3 when they run; the extra `operator` installs it.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import httpx
import typer

from image_scaler.cli.app import AsJson, CommandError, ExitCode, ProfileName, profile_of
from image_scaler.cli.durations import moment, past
from image_scaler.cli.images import ImageId
from image_scaler.cli.output import write_note, write_result
from image_scaler.cli.uploads import DEFAULT_TIMEOUT, Timeout
from image_scaler.client import AccessDeniedError, Client, ClientError, UnreachableError
from image_scaler.client.calls import new_http
from image_scaler.client.results import RESUMABLE
from image_scaler.operator.errors import OperatorError
from image_scaler.profiles import Profile

if TYPE_CHECKING:
    from image_scaler.operator.smoke import StepReport
    from image_scaler.operator.stage import LogLine, Operator, StageDetails

NEEDS_BOTO3 = "this command needs boto3: pip install 'image-scaler[operator]'"
UNKNOWN_IMAGE = "0" * 26
_QUIET_MEMBERS = frozenset({"level", "location", "message", "timestamp", "service", "image_id"})


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(status)
    app.command()(logs)
    app.command()(resume)
    app.command()(reblur)
    app.command()(migrate)
    app.command()(preflight)
    app.command()(smoke)


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


def resume(
    image_ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="The images' ids.")] = None,
    status: Annotated[
        str | None,
        typer.Option(help="Instead of ids: resume all images with this status, FAILED or HELD."),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            parser=past, metavar="TIME", help="With --status: only images updated since a time, or since 2h ago."
        ),
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="With --status: tenant (default: `default`).")] = None,
    timeout: Timeout = DEFAULT_TIMEOUT,  # type: ignore[assignment]
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Process held or failed images again.

    With ids (needs AWS credentials), wait for the outcome and fail unless every image gets a verdict. With --status,
    put all images with this status into the queue of uploads and print their ids.
    """
    if bool(image_ids) == bool(status):
        raise CommandError("give either ids or --status")
    if status and status not in RESUMABLE:
        raise CommandError(f"--status must be {' or '.join(sorted(RESUMABLE))}")
    if image_ids and (since or tenant):
        raise CommandError("--since and --tenant need --status")
    chosen = profile_of(profile)
    if status:
        _resume_all(chosen, status, since, tenant, as_json=as_json)
    else:
        _resume_each(chosen, image_ids or [], timeout.total_seconds(), as_json=as_json)


def _resume_all(profile: Profile, status: str, since: datetime | None, tenant: str | None, *, as_json: bool) -> None:
    """Resume images in bulk, through the API; fail if some cannot be resumed."""
    skipped: list[str] = []
    count = 0
    with Client.from_profile(profile) as client:
        for image_id in client.resume(status, since=since, tenant=tenant, on_skipped=skipped.append):
            count += 1
            write_result({"id": image_id}, image_id, as_json=as_json)
    for image_id in skipped:
        write_note(f"{image_id}: its record does not identify the upload; try image-scaler resume {image_id}")
    write_note(f"resume: {count} images resumed, {len(skipped)} skipped")
    if skipped:
        raise typer.Exit(ExitCode.FAILED)


def _resume_each(chosen: Profile, image_ids: list[str], within_seconds: float, *, as_json: bool) -> None:
    """Resume images one after the other with AWS credentials, and wait for each."""
    operator = operator_of(chosen)
    from image_scaler.operator.resume import resume_image

    all_judged = True
    with Client.from_profile(chosen) as client:
        for image_id in image_ids:
            image = resume_image(client, operator, image_id, within_seconds=within_seconds)
            write_result(image.document, f"{image_id}  {image.status}", as_json=as_json)
            all_judged = all_judged and image.status not in RESUMABLE
    if not all_judged:
        raise typer.Exit(ExitCode.FAILED)


def reblur(
    at_a_time: Annotated[int, typer.Option(min=1, max=64, help="Images to process in parallel.")] = 4,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Blur images again, from their originals, if the blur setting has changed. Run it again to continue after a
    stop."""
    operator = operator_of(profile_of(profile))
    from image_scaler.operator.reblur import Reblurring

    reblurring = Reblurring(operator, at_a_time=at_a_time)
    left, ended, all_judged = reblurring.count_left(), Counter[str](), True
    write_note(f"reblur: {left} images are not blurred as {reblurring.blur}")
    try:
        for number, image in enumerate(reblurring, 1):
            ended[image.status] += 1
            all_judged = all_judged and image.succeeded
            document = {"id": image.image_id, "status": image.status, "blur": image.blur}
            write_result(document, f"{number} of {left}: {image.image_id} {image.status} {image.blur}", as_json=as_json)
    except KeyboardInterrupt:
        write_note("reblur: stopped; running executions finish, and the next run continues")
    write_note(f"reblur: {_counted(ended) or 'nothing to do'}; {reblurring.count_left()} left")
    if not all_judged:
        raise typer.Exit(ExitCode.FAILED)


def migrate(profile: ProfileName = None, as_json: AsJson = False) -> None:
    """Add what lists need to the records of earlier releases. Run it again to continue after a stop."""
    operator = operator_of(profile_of(profile))
    from image_scaler.operator.migrate import Migration

    seen = changed = 0
    try:
        for image in Migration(operator):
            seen += 1
            changed += image.written > 0
            if image.written:
                document = {"id": image.image_id, "written": image.written}
                write_result(document, f"{image.image_id}  {image.written} items", as_json=as_json)
            if image.lacks_lock:
                write_note(f"{image.image_id}: its legal hold has no lock; run image-scaler hold {image.image_id}")
    except KeyboardInterrupt:
        write_note("migrate: stopped; the next run continues")
        raise typer.Exit(ExitCode.FAILED) from None
    write_note(f"migrate: {changed} of {seen} images changed")


def preflight(
    stage: Annotated[str, typer.Option(metavar="STAGE", help="The stage to deploy.")],
    assembly: Annotated[Path, typer.Option(metavar="DIR", help="The synthesized templates.")] = Path("cdk.out"),
    *,
    alarm_email: Annotated[bool, typer.Option(help="Whether alarms must have an address.")] = True,
    as_json: AsJson = False,
) -> None:
    """Check the AWS account and region of the environment's credentials before a stage is deployed there."""
    try:
        import boto3

        from image_scaler.operator.preflight import Preflight, Templates
    except ImportError as error:
        raise CommandError(NEEDS_BOTO3) from error
    checks = Preflight(Templates(assembly, stage), boto3.Session(), stage=stage, alarms_have_address=alarm_email)
    findings = checks.findings()
    for finding in findings:
        kind = "missing" if finding.stops else "advice"
        write_result(asdict(finding), f"{kind}  {finding.about}: {finding.problem}\n  {finding.do}", as_json=as_json)
    if any(finding.stops for finding in findings):
        raise typer.Exit(ExitCode.FAILED)


def smoke(
    flagged: Annotated[
        Path | None, typer.Option(metavar="FILE", exists=True, help="A picture that Rekognition flags.")
    ] = None,
    step: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Run only this step; may be repeated.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all reports there, as JSON.")] = None,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Test a deployed stage step by step; fail if it does not behave as expected (docs/aws.md)."""
    chosen = profile_of(profile)
    operator = operator_of(chosen) if chosen.aws else None
    from image_scaler.operator.smoke import STEPS, Outcome, SmokeTest

    if unknown := set(step or ()) - {each.name for each in STEPS}:
        raise CommandError(f"no step is called {', '.join(sorted(unknown))}; see docs/aws.md")
    reports = []
    with new_http() as http, Client.from_profile(chosen, http=http) as client:
        test = SmokeTest(client, chosen, http, operator, flagged)
        for each in test.run([each for each in STEPS if not step or each.name in step]):
            reports.append(asdict(each))
            write_result(reports[-1], _step_report(each), as_json=as_json)
    if report:
        report.write_text(json.dumps({"profile": chosen.name, "edge": chosen.edge, "steps": reports}, indent=2) + "\n")
    if any(each["outcome"] is Outcome.DIFFERS for each in reports):
        raise typer.Exit(ExitCode.FAILED)


def operator_of(profile: Profile) -> "Operator":
    """Return the operator of a stage. Raises CommandError if boto3 or the profile's AWS part is missing."""
    try:
        from image_scaler.operator.stage import Operator
    except ImportError as error:
        raise CommandError(NEEDS_BOTO3) from error
    if profile.aws is None:
        raise CommandError(f"the profile {profile.name} has no [aws] part, which this command needs (docs/cli.md)")
    return Operator(profile.aws)


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
        from image_scaler.client import Problem

        raise AccessDeniedError(Problem.read(answer.status_code, answer.content))
    if answer.status_code != httpx.codes.NOT_FOUND:
        raise ClientError(f"{answer.status_code} instead of 404")


def _told(profile: Profile, checks: dict[str, str], counts: dict[str, int], details: "StageDetails | None") -> str:
    lines = [f"{'edge':<10}{profile.edge}"]
    lines += [f"{name:<10}{answer}" for name, answer in checks.items()]
    lines.append(f"{'images':<10}{_counted(counts) or 'none'} (of the newest)")
    if details:
        lines.append(f"{'running':<10}{_counted(details.running) or 'nothing'}")
        lines.append(f"{'waiting':<10}{_counted(details.waiting) or 'nothing'}")
        lines.append(f"{'alarms':<10}{', '.join(details.alarms) or 'none'}")
    return "\n".join(lines)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _step_report(report: "StepReport") -> str:
    line = (
        f"{report.outcome:<8} {report.step} {' '.join(report.findings)}  {report.seconds:.1f} s  {report.note}".rstrip()
    )
    if not report.read:
        return line
    more = {"expected": report.expected, "actual": report.actual, "read": report.read}
    return "\n".join([line, *(f"         {name:<8} {text}" for name, text in more.items())])


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
