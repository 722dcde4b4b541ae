"""This process's peak memory. getrusage will not do: on Linux a child starts with the peak of who started it."""

import resource
from pathlib import Path


def peak_mib() -> float:
    """Return the peak in MiB since this program was started; where there is no /proc, what getrusage says."""
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
