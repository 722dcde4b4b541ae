"""The local commands: ``python -m local.cli up | down | demo | resume | reblur``; ``make`` calls them."""

import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from local.console import Progress
from local.demo.run import run_demo
from local.errors import LocalError
from local.instance import Instance, Ports
from local.outputs import Outputs
from local.reblur import Reblurring
from local.resume import resume_image
from local.workspace import Workspace, default_workspace

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

Home = Annotated[Path | None, typer.Option(help="The instance's folder; .local in the checkout unless said otherwise.")]
EmulatorPort = Annotated[int | None, typer.Option(min=1, max=65535, help="The emulator's port; a free one by default.")]
RekognitionPort = Annotated[
    int | None, typer.Option(min=1, max=65535, help="The Rekognition stand-in's port; a free one by default.")
]
EdgePort = Annotated[int | None, typer.Option(min=1, max=65535, help="The edge's port; a free one by default.")]


@app.command()
def up(
    home: Home = None,
    emulator_port: EmulatorPort = None,
    rekognition_port: RekognitionPort = None,
    edge_port: EdgePort = None,
) -> None:
    """Start and deploy everything on this machine and leave it running."""
    workspace, progress = _workspace(home), Progress()
    instance = Instance(workspace, progress)
    if instance.is_running():
        progress.console.print(f"Runs already; `make down` stops it. Addresses: {workspace.outputs}")
        outputs = Outputs.read(workspace.outputs)
    else:
        outputs = instance.up(Ports(emulator=emulator_port, rekognition=rekognition_port, edge=edge_port))
    progress.console.print(f"Addresses: {workspace.outputs}   Logs: {workspace.logs}")
    progress.console.print(f"up: edge {outputs.edge_url}  API behind its firewall {outputs.api_url}")


@app.command()
def down(home: Home = None) -> None:
    """Stop what `up` started."""
    progress = Progress()
    stopped = Instance(_workspace(home), progress).down()
    progress.console.print(f"down: stopped {', '.join(stopped)}" if stopped else "down: nothing was running")


@app.command()
def demo(home: Home = None) -> None:
    """Take the samples through the pipeline and show what happened; start and stop everything around it."""
    workspace, progress = _workspace(home), Progress()
    instance = Instance(workspace, progress)
    with instance.running() as outputs:
        result = run_demo(outputs, instance.up_v1(), workspace, progress)
    result.print_end(progress.console)
    if result.surprises:
        raise typer.Exit(1)


@app.command()
def resume(image_id: Annotated[str, typer.Argument(metavar="ID")], home: Home = None) -> None:
    """Start a held or failed image again, and wait for its end."""
    progress = Progress()
    end = resume_image(Outputs.read(_workspace(home).outputs), image_id)
    progress.console.print(f"resume: {image_id} {end.status} (execution {end.execution_status}, {end.execution_arn})")
    if not end.has_verdict:
        raise typer.Exit(1)


@app.command()
def reblur(
    home: Home = None,
    at_a_time: Annotated[int, typer.Option(min=1, max=64, help="Images to process in parallel.")] = 4,
) -> None:
    """Blur again, from the originals, what an older setting blurred. A stopped run continues when it is repeated."""
    progress = Progress()
    reblurring = Reblurring(Outputs.read(_workspace(home).outputs), at_a_time=at_a_time)
    left, ended = reblurring.count_left(), Counter[str]()
    progress.console.print(f"reblur: {left} images are not blurred as {reblurring.blur}")
    try:
        for number, image in enumerate(reblurring, 1):
            ended[image.status] += 1
            progress.console.print(f"{number} of {left}: {image.image_id} {image.status} {image.blur}")
    except KeyboardInterrupt:
        progress.console.print("reblur: stopped; running executions finish, and the next run continues")
    counts = ", ".join(f"{count} {status}" for status, count in sorted(ended.items())) or "nothing to do"
    progress.console.print(f"reblur: {counts}; {reblurring.count_left()} left")
    if ended["FAILED"] + ended["HELD"] + ended["PROCESSING"]:
        raise typer.Exit(1)


def _workspace(home: Path | None) -> Workspace:
    return Workspace(home.resolve()) if home else default_workspace()


def _terminate(*_: object) -> NoReturn:
    """Let SIGTERM unwind like Ctrl-C, so that what was started is stopped."""
    sys.exit(128 + signal.SIGTERM)


def main() -> None:
    """Run a command; tell a person what to do rather than show a traceback."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        app(standalone_mode=True)
    except LocalError as error:
        sys.exit(f"image-scaler: {error}")


if __name__ == "__main__":
    main()
