"""A discrete-event loop: processes are generators, and time is a number of seconds.

A process yields the seconds it waits, or PARKED to wait until another process resumes it. The loop never sleeps. It
exists because the largest runs have ten million steps, and SimPy 4.1.2 took 2.6 times as long for a million of the same
steps on the same machine.
"""

from collections.abc import Generator
from heapq import heappop, heappush
from typing import Final

PARKED: Final = None
"""Yielded by a process to wait for `Loop.resume`."""

Process = Generator[float | None, None, None]


class Loop:
    """Runs processes in order of time; processes with the same time run in the order in which they were added.

    ``current`` is the running process. Before parking, it stores itself where another process will resume it.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.steps = 0
        self.current: Process
        self._added = 0
        self._waiting: list[tuple[float, int, Process]] = []

    def start(self, process: Process, *, after: float = 0.0) -> Process:
        """Schedule a process to start ``after`` seconds from now, and return it."""
        self._added += 1
        heappush(self._waiting, (self.now + after, self._added, process))
        return process

    def resume(self, process: Process) -> None:
        """Continue a parked process at the current time."""
        self.start(process)

    def run(self) -> None:
        """Run until only parked processes are left."""
        waiting = self._waiting
        while waiting:
            self.now, _, process = heappop(waiting)
            self.current = process
            self.steps += 1
            delay = next(process, PARKED)
            if delay is not PARKED:
                self._added += 1
                heappush(waiting, (self.now + delay, self._added, process))
