"""``image-scaler webhook``: reads and replaces the secrets with which receivers verify events."""

from typing import Annotated

import typer

from image_scaler.cli.app import AsJson, ProfileName, operator_of, profile_of
from image_scaler.cli.output import write_result

Name = Annotated[str, typer.Argument(help="The webhook's name in the settings of the stage.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The secrets of a stage's webhooks. They need AWS credentials.")
    for command in (secret, rotate):
        group.command()(command)
    app.add_typer(group, name="webhook")


def secret(name: Name, profile: ProfileName = None, as_json: AsJson = False) -> None:
    """Print the secret that verifies a webhook's events."""
    from image_scaler.operator.webhooks import WebhookSecret

    value = WebhookSecret(operator_of(profile_of(profile)), name).read()
    write_result({"webhook": name, "secret": value}, value, as_json=as_json)


def rotate(name: Name, profile: ProfileName = None, as_json: AsJson = False) -> None:
    """Replace a webhook's secret and print the new one; for a day events are signed with both."""
    from image_scaler.operator.webhooks import WebhookSecret

    value = WebhookSecret(operator_of(profile_of(profile)), name).rotate()
    write_result({"webhook": name, "secret": value}, value, as_json=as_json)
