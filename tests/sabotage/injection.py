"""An injected fault: which worker dies or hangs at which line, and what happens to its image at which moment.

A place is a line together with the number of calls of AWS that the worker has made when it gets there: AWS looks the
same at all places of one number. A kill is an exception that nothing catches. From then on the worker's clients refuse
every call, so that neither its other threads nor any clean-up can do something, as in a process that is gone.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.fakes.faults import hooked
from tests.sabotage.tracing import not_tracing, tracing


class Killed(BaseException):
    """The process is gone."""


class Place(NamedTuple):
    """A line of a file below functions/, and how many calls of AWS were made before it."""

    file: str
    line: int
    calls: int

    @property
    def where(self) -> tuple[str, int]:
        """The file and the line."""
        return self.file, self.line


@dataclass
class Injection:
    """What happens to one worker. Without ``dies_at`` it lives, and ``places`` tells where it was.

    ``dies_at`` is a file and a line, or a number of calls: then the first line after that call. ``change`` is called
    once, right before call number ``change_before`` (from 1) is sent, or at the death where that is None. ``hangs`` has
    the worker go on after the change instead of dying. ``times`` is how many of its invocations are taken.
    """

    function: str
    change: Callable[[], None] = field(default=lambda: None)
    change_before: int | None = None
    dies_at: tuple[str, int] | int | None = None
    hangs: bool = False
    times: int = 1
    places: list[Place] = field(default_factory=list)
    deaths: list[Place] = field(default_factory=list)
    calls: int = 0
    _changed: bool = False
    _is_changing: bool = False
    _is_dead: bool = False
    _lock: Any = field(default_factory=threading.RLock)

    def takes(self, function: str) -> bool:
        """Tell whether the next invocation of a function is this injection's; counts it."""
        if function != self.function or self.times == 0 or self._is_changing:
            return False
        self.times -= 1
        return True

    @contextmanager
    def playing(self, folder: Path, clients: Iterable[Any]) -> Iterator[None]:
        """Play while the block runs in this thread, with these botocore clients."""
        self.calls, self._is_dead = 0, False
        with ExitStack() as stack:
            for client in clients:
                stack.enter_context(hooked(client, "before-call", self._call))
            stack.enter_context(tracing(folder, self._line))
            yield
            if self._is_dead:  # killed in a thread whose end was not asked for
                raise Killed

    def _call(self, **_options: Any) -> None:
        with self._lock:
            if self._is_dead:
                raise Killed
            self.calls += 1
            due = self.calls == self.change_before
        if due:
            self._change_now()

    def _line(self, file: str, line: int) -> None:
        place = Place(file, line, self.calls)
        if self.dies_at is None:
            self.places.append(place)
            return
        if self._is_dead:
            raise Killed
        if self.dies_at not in {place.where, place.calls}:
            return
        if self.hangs:
            if not self.deaths:
                self.deaths.append(place)
                self._change_now()
            return
        self._is_dead = True
        self.deaths.append(place)
        if self.change_before is None:
            self._change_now()
        raise Killed

    def _change_now(self) -> None:
        if self._changed:
            return
        self._changed = True
        self._is_changing = True  # what the change invokes, in other threads too, is not the victim
        with not_tracing(), suppress(Killed):
            self.change()
        self._is_changing = False
