"""Completion events on the stage's bus, for applications and for purging the CDN.

Source ``image-scaler``; detail type ``Image Published``, ``Image Blurred`` and so on, one for each status in which
processing can end. docs/events.md describes each event and has its JSON Schema. An event may arrive more than once.
"""

import json
from collections.abc import Mapping
from typing import Any

from functions.shared.aws import client, translated_errors
from functions.shared.errors import TransientDependencyError
from functions.shared.keys import EVENT_SOURCE
from functions.shared.status import Status


def detail_type(status: Status) -> str:
    """Return the detail type of the event for a status, such as ``Image In Review``.

    A record whose event is still to be sent has it in the attribute ``unannounced``.
    """
    return f"Image {status.replace('_', ' ').title()}"


class EventPublisher:
    """Publishes events on one bus. ``events`` is a botocore EventBridge client, by default the process's own."""

    def __init__(self, event_bus: str, events: Any = None) -> None:
        self._event_bus = event_bus
        self._events = client("events") if events is None else events

    def publish(self, image_id: str, status: Status, *, revision: int, detail: Mapping[str, Any]) -> None:
        """Publish the event for an image's new status. Raises TransientDependencyError.

        ``detail`` has the other members of docs/events.md, by functions/records/event_detail.py.
        """
        members = {**detail, "image_id": image_id, "status": status, "revision": revision}
        entry = {
            "EventBusName": self._event_bus,
            "Source": EVENT_SOURCE,
            "DetailType": detail_type(status),
            "Detail": json.dumps(members),
        }
        with translated_errors():
            response = self._events.put_events(Entries=[entry])
        if response.get("FailedEntryCount"):  # the call succeeds even if the bus rejects the entry
            raise TransientDependencyError(f"EventBridge rejected the event: {response['Entries']}")
