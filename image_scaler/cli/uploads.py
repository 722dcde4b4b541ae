"""``image-scaler upload`` and ``wait``."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from image_scaler.cli.app import AsJson, CommandError, ExitCode, ProfileName, exit_code_of, profile_of
from image_scaler.cli.durations import duration
from image_scaler.cli.output import write_error, write_note, write_result
from image_scaler.client import Client, ClientError, Image, Method, UnreachableError
from image_scaler.client.uploads import Progress as ReportProgress

Timeout = Annotated[
    timedelta, typer.Option(parser=duration, metavar="TIME", help="Maximum time to wait for each image, such as 5m.")
]
DEFAULT_TIMEOUT = "2m"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(upload)
    app.command()(wait)


def upload(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="Images to upload.")],
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait for the outcome of each image.")] = False,
    timeout: Timeout = DEFAULT_TIMEOUT,  # type: ignore[assignment]
    owner: Annotated[str | None, typer.Option(help="The application's own name for the owner.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Tenant of the images.")] = None,
    policy: Annotated[str | None, typer.Option(help="Name of the tenant's policy that judges the images.")] = None,
    content_type: Annotated[str | None, typer.Option(help="Media type (default: by extension).")] = None,
    method: Annotated[
        Method | None,
        typer.Option(case_sensitive=False, help="Upload method (default: API up to 4.5 MB, otherwise PUT)."),
    ] = None,
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Upload images and print their ids.

    If a file is refused, it is reported and the other files are still uploaded. With --wait the command fails unless
    every image is published or blurred.
    """
    failures: list[ExitCode] = []
    with Client.from_profile(profile_of(profile)) as client:
        uploaded: list[tuple[Path, str]] = []
        with _bars(quiet=as_json) as bars:
            for path in files:
                try:
                    done = client.upload(
                        path, owner=owner, tenant=tenant, policy=policy, content_type=content_type, method=method,
                        progress=bars.of(path),
                    )  # fmt: skip
                except UnreachableError:
                    raise
                except ClientError as error:
                    failures.append(_reported(path, error, as_json=as_json))
                    continue
                uploaded.append((path, done.id))
                if not wait:
                    document = {"file": str(path), "id": done.id, "status": done.status}
                    write_result(document, done.id, as_json=as_json)
        if wait:
            for path, image_id in uploaded:
                failures += _await(client, path, image_id, timeout.total_seconds(), as_json=as_json)
    if failures:
        raise typer.Exit(failures[0])


def wait(
    image_ids: Annotated[list[str], typer.Argument(metavar="ID...")],
    timeout: Timeout = DEFAULT_TIMEOUT,  # type: ignore[assignment]
    profile: ProfileName = None,
    as_json: AsJson = False,
) -> None:
    """Wait for the outcome of images; fail unless every image is published or blurred."""
    all_served = True
    with Client.from_profile(profile_of(profile)) as client:
        for image_id in image_ids:
            image = client.wait(image_id, within_seconds=timeout.total_seconds())
            write_result(image.document, f"{image.id}  {_outcome(image)}", as_json=as_json)
            all_served = all_served and image.is_served
    if not all_served:
        raise typer.Exit(ExitCode.FAILED)


def _await(client: Client, path: Path, image_id: str, within_seconds: float, *, as_json: bool) -> list[ExitCode]:
    """Print the outcome of one image and return the exit code of a failure, if any."""
    try:
        image = client.wait(image_id, within_seconds=within_seconds)
    except UnreachableError:
        raise
    except ClientError as error:
        return [_reported(path, error, as_json=as_json)]
    if not as_json:
        write_note(f"{path}: {_outcome(image)}")
    write_result({"file": str(path), **image.document}, image.id, as_json=as_json)
    return [] if image.is_served else [ExitCode.FAILED]


def _reported(path: Path, error: ClientError, *, as_json: bool) -> ExitCode:
    code = exit_code_of(error)
    write_error(CommandError(f"{path}: {error}", code) if not as_json else error, code, as_json=as_json)
    return code


def _outcome(image: Image) -> str:
    return " ".join(filter(None, (image.status, image.reason and f"{image.reason}:", image.detail)))


class _Bars:
    """One progress bar per file, on standard error; none if it is not a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def of(self, path: Path) -> ReportProgress:
        task = self._progress.add_task(path.name, total=path.stat().st_size)
        return lambda sent, total: self._progress.update(task, completed=sent, total=total)


@contextmanager
def _bars(*, quiet: bool) -> Iterator[_Bars]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as progress:
        yield _Bars(progress)
