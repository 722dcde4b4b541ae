"""Compares the CPU time of `optimize` with an earlier release, whose code comes from this repository's history."""

import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from statistics import median
from typing import Any

from benchmarks.measure import CACHE, CHECKOUT, HERE, once
from benchmarks.photos import Photo

RELEASE = "0a5e447152b930cc2dd611e06923a0215c53410b"
"""The release that stored a rendition at every step of the ladder (docs/adr/0034 replaced it)."""


def compared(photo: Photo, rounds: int) -> dict[str, Any] | None:
    """Return the CPU times of both releases in ms, measured in turn; None if the history has no such commit."""
    folder = CACHE / "previous"
    archive = subprocess.run(["git", "archive", RELEASE, "functions"], cwd=CHECKOUT, capture_output=True, check=False)
    if archive.returncode:
        return None
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    command = [sys.executable, str(HERE / "optimize_cpu_once.py"), str(photo.path)]
    times: dict[str, list[float]] = {"ours": [], "previous": []}
    for _ in range(rounds):
        for name, checkout in (("ours", CHECKOUT), ("previous", folder)):
            times[name].append(once(command, {"PYTHONPATH": str(checkout)}))
    return {name: round(median(many), 1) for name, many in times.items()}
