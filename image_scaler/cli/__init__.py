"""The command ``image-scaler``: uploads, reads and removes images, signs URLs, manages keys, and operates a stage.

docs/cli.md describes every command, its output and its exit codes.
"""

import typer

from image_scaler.cli import estimate, images, keys, operations, rejudging, signing, uploads
from image_scaler.cli.app import app

for group in (uploads, images, signing, keys, operations, rejudging, estimate):
    group.register(app)

_policy = typer.Typer(no_args_is_help=True, help="Work with moderation policies.")
rejudging.register_diff(_policy)


@_policy.callback()
def _policies() -> None:
    """Work with moderation policies."""


app.add_typer(_policy, name="policy")


def main() -> None:
    """Run the command."""
    app()
