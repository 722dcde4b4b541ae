"""This process's peak memory. getrusage is unsuitable: on Linux a child starts with its parent's peak."""

import resource
from pathlib import Path


def peak_mib() -> float:
    """Return the peak in MiB since the program started; without /proc, the value of getrusage."""
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
