"""The command ``image-scaler``: uploads, reads and removes images, signs URLs, manages keys, and operates a stage.

docs/cli.md describes every command, its output and its exit codes.
"""

from image_scaler.cli import (
    checks,
    estimate,
    images,
    keys,
    maintenance,
    policies,
    rejudging,
    signing,
    stage,
    uploads,
    webhooks,
)
from image_scaler.cli.app import app

for group in (uploads, images, policies, rejudging, signing, keys, webhooks, stage, maintenance, checks, estimate):
    group.register(app)


def main() -> None:
    """Run the command."""
    app()
