"""Failures of AWS calls: a call fails before it is sent, its response is lost, or something happens during it."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Lock, local
from typing import Any

from botocore.exceptions import EndpointConnectionError


@dataclass
class CallWatch:
    """Counts calls and breaks one. ``names`` are the operations called, in order, such as ``s3.CopyObject``.

    Threads may call concurrently: each stores the number of its current call.
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
    """Let call ``number`` (from 0, over all clients) fail with a connection error.

    With ``lost_answer`` AWS executes the call before the connection breaks. With None no call fails.
    """
    watch = CallWatch(number, lost_answer)
    with ExitStack() as hooks:
        for client in clients:
            hooks.enter_context(hooked(client, "before-call", watch.started))
            hooks.enter_context(hooked(client, "after-call", watch.ended))
        yield watch


@contextmanager
def writing_at(client, moment: str) -> Iterator[None]:
    """Let a DynamoDB client's transactions write this time, in ISO 8601 with milliseconds, instead of every other."""

    def replace(params, **_kwargs) -> None:
        params["body"] = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment.encode(), params["body"])

    with hooked(client, "before-call.dynamodb.TransactWriteItems", replace):
        yield


@contextmanager
def hooked(client, event: str, handler: Callable[..., Any]) -> Iterator[None]:
    """Let a client call ``handler`` at one of botocore's events, such as ``before-call.s3.CopyObject``."""
    client.meta.events.register(event, handler)
    try:
        yield
    finally:
        client.meta.events.unregister(event, handler)
