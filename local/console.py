"""Progress output: the current step and the time so far.

On a terminal the running step has a spinner and a counter; elsewhere (CI, a pipe) each step prints one line at its end.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

TICK_SECONDS = 0.5
PLAIN_WIDTH = 130
"""The width of a table in a pipe or a log, in characters."""


class Progress:
    """Prints steps with the seconds since the command began. ``quiet`` prints nothing (tests)."""

    def __init__(self, console: Console | None = None, *, quiet: bool = False) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True, quiet=quiet)
        if not self.console.is_terminal:
            self.console.width = PLAIN_WIDTH
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the command began."""
        return time.monotonic() - self._began

    def note(self, text: str) -> None:
        """Print one line under the running steps."""
        self.console.print(f"[dim]{self.seconds:5.0f} s[/]  {text}")

    @contextmanager
    def step(self, text: str) -> Iterator[Callable[[str], None]]:
        """Show ``text`` while the block runs, and its duration at the end.

        The yielded function takes the current progress ("14 of 22"), which a terminal shows after the text.
        """
        began = time.monotonic()
        detail = [""]
        done = threading.Event()
        with self.console.status(text) as status:

            def tick() -> None:
                while not done.wait(TICK_SECONDS):
                    status.update(
                        f"{text}{detail[0]}  {time.monotonic() - began:.0f} s, {self.seconds:.0f} s since the start"
                    )

            if self.console.is_terminal:
                threading.Thread(target=tick, daemon=True).start()
            try:
                yield lambda word: detail.__setitem__(0, f": {word}")
            finally:
                done.set()
        self.console.print(f"[dim]{self.seconds:5.0f} s[/]  {text} [dim]({time.monotonic() - began:.1f} s)[/]")
