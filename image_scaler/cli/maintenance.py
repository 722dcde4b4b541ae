"""``image-scaler resume``, ``reblur`` and ``migrate``: process stored images again, or change their records.

Commands that need AWS credentials import boto3 when they run; the extra `operator` installs it.
"""

from collections import Counter
from datetime import datetime
from typing import Annotated

import typer

from image_scaler.cli.app import AsJson, CommandError, ExitCode, ProfileName, operator_of, profile_of
from image_scaler.cli.durations import past
from image_scaler.cli.output import counted, write_note, write_result
from image_scaler.cli.uploads import DEFAULT_TIMEOUT, Timeout
from image_scaler.client import Client
from image_scaler.client.results import RESUMABLE
from image_scaler.profiles import Profile


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(resume)
    app.command()(reblur)
    app.command()(migrate)


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
    write_note(f"reblur: {counted(ended) or 'nothing to do'}; {reblurring.count_left()} left")
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
