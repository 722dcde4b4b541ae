"""The local commands: ``python -m local.cli up | down | demo``; ``make`` calls them."""

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
from local.workspace import Workspace, default_workspace

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

Home = Annotated[Path | None, typer.Option(help="The instance's folder; .local in the checkout unless said otherwise.")]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="A port; it must be free.")]


@app.command()
def up(  # noqa: PLR0917 - typer reads options
    home: Home = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over: what runs is stopped, with its data.")] = False,  # noqa: FBT002
    edge_port: Port = None,
    browser_s3_port: Port = None,
    api_port: Port = None,
    emulator_port: Port = None,
    rekognition_port: Port = None,
) -> None:
    """Start and deploy everything on this machine and leave it running.

    What runs already keeps its data: only what has changed since is deployed. Each port is the documented one unless
    it is taken; one that is given must be free.
    """
    workspace, progress = _workspace(home), Progress()
    instance = Instance(workspace, progress)
    if instance.is_running() and not fresh:
        done = instance.update()
        progress.console.print(f"Runs already: {'; '.join(done) or 'nothing has changed'}.")
        outputs = Outputs.read(workspace.outputs)
    else:
        if stopped := instance.down():  # before ports are chosen: it may have them
            progress.note(f"Stopped what was running: {', '.join(stopped)}")
        wanted = Ports(edge_port, browser_s3_port, api_port, emulator_port, rekognition_port)
        outputs = instance.up(wanted.with_defaults())
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
