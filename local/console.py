"""What a person sees while things are set up: which step, and how long so far.

On a terminal the running step turns and counts; elsewhere (CI, a pipe) each step is one line when it is done.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

PLAIN_WIDTH = 130
"""Columns of a table that goes into a pipe or a log."""


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
    def step(self, text: str) -> Iterator[None]:
        """Show ``text`` while the block runs, and how long it took when it has ended."""
        began = time.monotonic()
        done = threading.Event()
        with self.console.status(text) as status:
            ticker = threading.Thread(target=self._tick, args=(status, text, began, done), daemon=True)
            if self.console.is_terminal:
                ticker.start()
            try:
                yield
            finally:
                done.set()
        self.console.print(f"[dim]{self.seconds:5.0f} s[/]  {text} [dim]({time.monotonic() - began:.1f} s)[/]")

    def _tick(self, status: object, text: str, began: float, done: threading.Event) -> None:
        while not done.wait(1):
            status.update(f"{text}  {time.monotonic() - began:.0f} s (since the start {self.seconds:.0f} s)")  # type: ignore[attr-defined]
