"""The command ``image-scaler``: upload, look up and remove images, sign addresses, keep keys, look after a stage.

docs/cli.md describes every command, what it prints and how it ends.
"""

from image_scaler.cli import images, keys, operations, signing, uploads
from image_scaler.cli.app import app

for group in (uploads, images, signing, keys, operations):
    group.register(app)


def main() -> None:
    """Run the command."""
    app()
