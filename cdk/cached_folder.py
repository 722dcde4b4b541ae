"""Folders that a build keeps for the next one. Each is whole or not there, however many builds make it at once."""

import tempfile
from collections.abc import Callable
from pathlib import Path


def cached_folder(folder: Path, fill: Callable[[Path], None]) -> Path:
    """Return a folder; where it is not there yet, ``fill`` first writes its content into an empty one.

    The name must say all that decides the content. Raises what ``fill`` raises; then nothing is kept.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        unfinished = Path(scratch) / folder.name
        unfinished.mkdir()
        fill(unfinished)
        try:
            unfinished.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another build finished first, with the same content
                raise
    return folder
