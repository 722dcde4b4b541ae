"""Completion events on the bus: what applications and the CDN's purging listen to.

Source ``image-scaler``; detail type ``Image Published``, ``Image Blurred`` and so on, one for each status in which an
image ends; detail ``{image_id, status, revision?, reason?, tenant?}``. They arrive at least once.
"""

import json
from typing import Any

from functions.shared.aws import client, translated_errors
from functions.shared.contracts import Reason, Status
from functions.shared.errors import TransientDependencyError
from functions.shared.keys import EVENT_SOURCE


def detail_type(status: Status) -> str:
    """Return the type of the event that an image has come to a status.

    A record whose event is still to be sent names it in the attribute ``unannounced``.
    """
    return f"Image {status.capitalize()}"


class Announcer:
    """Puts events on one bus. ``events`` is a botocore EventBridge client; the process's own by default."""

    def __init__(self, event_bus: str, events: Any = None) -> None:
        self._event_bus = event_bus
        self._events = client("events") if events is None else events

    def announce(
        self,
        image_id: str,
        status: Status,
        *,
        revision: int | None = None,
        reason: Reason | None = None,
        tenant: str | None = None,
    ) -> None:
        """Tell the bus that an image has come to this status. Raises TransientDependencyError."""
        detail = {"image_id": image_id, "status": status, "revision": revision, "reason": reason, "tenant": tenant}
        entry = {
            "EventBusName": self._event_bus,
            "Source": EVENT_SOURCE,
            "DetailType": detail_type(status),
            "Detail": json.dumps({name: value for name, value in detail.items() if value is not None}),
        }
        with translated_errors():
            answer = self._events.put_events(Entries=[entry])
        if answer.get("FailedEntryCount"):  # the call succeeds even when the bus took nothing
            raise TransientDependencyError(f"EventBridge did not take the event: {answer['Entries']}")
