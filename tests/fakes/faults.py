"""AWS failing on demand: one of a client's calls is refused before it is sent, or its answer is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, local

from botocore.exceptions import EndpointConnectionError


@dataclass
class CallWatch:
    """Counts calls and breaks one. ``names`` are the operations called, in order, such as ``s3.CopyObject``.

    Threads may call side by side: each remembers the number of the call that it is in.
    """

    broken: int | None
    lost_answer: bool
    names: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _here: local = field(default_factory=local)

    def started(self, model, **_kwargs) -> None:
        with self._lock:
            self._here.number = len(self.names)
            self.names.append(f"{model.service_model.service_name}.{model.name}")
        if not self.lost_answer:
            self._break()

    def ended(self, **_kwargs) -> None:
        if self.lost_answer:
            self._break()

    def _break(self) -> None:
        if self._here.number == self.broken:
            raise EndpointConnectionError(endpoint_url="https://aws.invalid")


@contextmanager
def failing_call(clients, number: int | None, *, lost_answer: bool = False) -> Iterator[CallWatch]:
    """Let call ``number`` (from 0, over all clients) fail as if the endpoint were out of reach.

    With ``lost_answer`` AWS does what was asked for, and only then the connection breaks. None fails nothing.
    """
    watch = CallWatch(number, lost_answer)
    for client in clients:
        client.meta.events.register("before-call", watch.started)
        client.meta.events.register("after-call", watch.ended)
    try:
        yield watch
    finally:
        for client in clients:
            client.meta.events.unregister("before-call", watch.started)
            client.meta.events.unregister("after-call", watch.ended)
