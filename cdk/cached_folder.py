"""Folders that a build caches for the next one. Each is complete or absent, even if several builds create it at
once."""

import tempfile
from collections.abc import Callable
from pathlib import Path


def cached_folder(folder: Path, fill: Callable[[Path], None]) -> Path:
    """Return a folder; if it does not exist, ``fill`` first writes its content into an empty one.

    The name must identify the content completely. Raises the errors of ``fill``; in that case nothing is kept.
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
            if not folder.is_dir():  # otherwise another build finished first, with the same content
                raise
    return folder
