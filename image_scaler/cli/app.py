"""The parts that all commands share: the application, its options, and the mapping of errors to exit codes."""

from enum import IntEnum
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from image_scaler.cli.output import write_error
from image_scaler.client.errors import (
    AccessDeniedError,
    ClientError,
    NotFoundError,
    UnreachableError,
    WaitTimeoutError,
)
from image_scaler.key_files import KeyFilesError
from image_scaler.operator.errors import OperatorError
from image_scaler.profiles import Profile, ProfileError, load_profile, profile_names
from image_scaler.signing import SigningError

if TYPE_CHECKING:
    from image_scaler.operator.stage import Operator

NEEDS_BOTO3 = "this command needs boto3: pip install 'image-scaler[operator]'"


class ExitCode(IntEnum):
    """The exit codes. The table in docs/cli.md explains each."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    TIMEOUT = 4
    UNREACHABLE = 5
    DENIED = 6


class CommandError(Exception):
    """A command fails; the message says what to do."""

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.USAGE) -> None:
        self.exit_code = exit_code
        super().__init__(message)


_EXIT_CODES: dict[type[Exception], ExitCode] = {
    NotFoundError: ExitCode.NOT_FOUND,
    AccessDeniedError: ExitCode.DENIED,
    UnreachableError: ExitCode.UNREACHABLE,
    WaitTimeoutError: ExitCode.TIMEOUT,
    ClientError: ExitCode.FAILED,
    OperatorError: ExitCode.FAILED,
    ProfileError: ExitCode.USAGE,
    KeyFilesError: ExitCode.USAGE,
    SigningError: ExitCode.USAGE,
}


_REPORTED: tuple[type[Exception], ...] = (CommandError, *_EXIT_CODES)


def exit_code_of(error: Exception) -> ExitCode:
    """Return the exit code of an error; the most specific class applies."""
    if isinstance(error, CommandError):
        return error.exit_code
    return next(_EXIT_CODES[kind] for kind in type(error).__mro__ if kind in _EXIT_CODES)


class ReportingGroup(TyperGroup):
    """A group whose commands end with an exit code and one line instead of a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except _REPORTED as error:
            code = exit_code_of(error)
            write_error(error, code, as_json=ctx.meta.get(_JSON, False))
            raise typer.Exit(code) from error


_JSON = "image_scaler.json"


def _note_json(ctx: typer.Context, value: bool) -> bool:
    ctx.meta[_JSON] = value
    return value


def _complete_profile(incomplete: str) -> list[str]:
    return [name for name in profile_names() if name.startswith(incomplete)]


ProfileName = Annotated[
    str | None,
    typer.Option(
        "--profile",
        "-p",
        envvar="IMAGE_SCALER_PROFILE",
        autocompletion=_complete_profile,
        help="Profile to use (default: the running instance, otherwise the one in profiles.toml).",
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", callback=_note_json, help="Print one JSON document per line, for programs.")
]

app = typer.Typer(
    cls=ReportingGroup,
    name="image-scaler",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Upload, read and remove images, sign their URLs, and operate a stage.",
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"image-scaler {version('image-scaler')}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Read the options before the command."""


def profile_of(name: str | None) -> Profile:
    """Return the profile to use. Raises ProfileError."""
    return load_profile(name)


def operator_of(profile: Profile) -> "Operator":
    """Return the operator of a stage. Raises CommandError if boto3 or the profile's AWS part is missing."""
    try:
        from image_scaler.operator.stage import Operator
    except ImportError as error:
        raise CommandError(NEEDS_BOTO3) from error
    if profile.aws is None:
        raise CommandError(f"the profile {profile.name} has no [aws] part, which this command needs (docs/cli.md)")
    return Operator(profile.aws)
