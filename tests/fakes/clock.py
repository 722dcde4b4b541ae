"""Time that passes only while somebody sleeps."""

from collections.abc import Callable
from dataclasses import dataclass, field

from functions.shared.patience import Patience


@dataclass
class Clock:
    """Seconds since it was made. ``at`` has something happen when its time has come."""

    now: float = 0.0
    events: list[tuple[float, Callable[[], object]]] = field(default_factory=list)

    def at(self, seconds: float, event: Callable[[], object]) -> None:
        """Have ``event`` happen at this time; events are given in the order of their times."""
        self.events.append((seconds, event))

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        while self.events and self.events[0][0] <= self.now:
            self.events.pop(0)[1]()

    def patience(self, seconds: float) -> Patience:
        """Return patience by this clock."""
        return Patience(seconds, self, self.sleep)
