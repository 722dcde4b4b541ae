"""The local commands: ``python -m local.cli up | down | demo | story``; ``make`` calls them."""

import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from local.console import Progress
from local.demo.run import run_demo
from local.errors import LocalError
from local.instance import Instance, Ports
from local.outputs import Outputs
from local.rekognition.detectors import LocalDetector
from local.story import run_story
from local.workspace import Workspace, default_workspace

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

Home = Annotated[Path | None, typer.Option(help="Folder of the instance (default: .local in the checkout).")]
Detector = Annotated[LocalDetector, typer.Option(help="What judges pictures: the stand-in, or a local model.")]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Port; it must be free.")]


@app.command()
def up(  # noqa: PLR0917 - typer reads options
    home: Home = None,
    detector: Detector = LocalDetector.STAND_IN,
    fresh: Annotated[bool, typer.Option("--fresh", help="Stop the running instance and delete its data.")] = False,  # noqa: FBT002
    edge_port: Port = None,
    browser_s3_port: Port = None,
    api_port: Port = None,
    emulator_port: Port = None,
    rekognition_port: Port = None,
    webhooks_port: Port = None,
) -> None:
    """Start and deploy everything locally and leave it running.

    A running instance keeps its data; only changes are deployed. Ports are the documented ones, or free ones if these
    are in use. A port given as an option must be free.
    """
    workspace, progress = _workspace(home), Progress()
    instance = Instance(workspace, progress, detector)
    if instance.is_running() and not fresh:
        done = instance.update()
        progress.console.print(f"Already running: {'; '.join(done) or 'nothing has changed'}.")
        outputs = Outputs.read(workspace.outputs)
    else:
        if stopped := instance.down():  # before ports are chosen: it may use them
            progress.note(f"Stopped the running instance: {', '.join(stopped)}")
        wanted = Ports(edge_port, browser_s3_port, api_port, emulator_port, rekognition_port, webhooks_port)
        outputs = instance.up(wanted.with_defaults())
    progress.console.print(f"Addresses: {workspace.outputs}   Logs: {workspace.logs}")
    progress.console.print(f"up: edge {outputs.edge_url}  API behind its firewall {outputs.api_url}")


@app.command()
def down(home: Home = None) -> None:
    """Stop everything that `up` started."""
    progress = Progress()
    stopped = Instance(_workspace(home), progress).down()
    progress.console.print(f"down: stopped {', '.join(stopped)}" if stopped else "down: nothing was running")


@app.command()
def demo(home: Home = None, detector: Detector = LocalDetector.STAND_IN) -> None:
    """Start everything, process the samples, show the results, and stop everything."""
    workspace, progress = _workspace(home), Progress()
    instance = Instance(workspace, progress, detector)
    with instance.running() as outputs:
        result = run_demo(outputs, instance.up_v1(), workspace, progress, detector)
    result.print_end(progress.console)
    if result.surprises:
        raise typer.Exit(1)


@app.command()
def story(home: Home = None) -> None:
    """Start everything, show step by step how verdicts and policies change, and stop everything."""
    workspace, progress = _workspace(home), Progress()
    with Instance(workspace, progress).running() as outputs:
        told = run_story(outputs, progress)
    progress.console.print(f"story: {len(told.statuses)} pictures, {len(told.events)} events received")


def _workspace(home: Path | None) -> Workspace:
    return Workspace(home.resolve()) if home else default_workspace()


def _terminate(*_: object) -> NoReturn:
    """Handle SIGTERM like Ctrl-C, so that all started processes are stopped."""
    sys.exit(128 + signal.SIGTERM)


def main() -> None:
    """Run a command; print a message that says what to do instead of a traceback."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        app(standalone_mode=True)
    except LocalError as error:
        sys.exit(f"image-scaler: {error}")


if __name__ == "__main__":
    main()
