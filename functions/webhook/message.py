"""The message of one event: its id, which stays the same in each attempt, and its body."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from functions.shared.webhooks import WEBHOOK_TYPES

_TYPES: Final = {detail_type: name for name, detail_type in WEBHOOK_TYPES.items()}


@dataclass(frozen=True)
class Message:
    """``body`` is JSON: ``type``, ``timestamp`` (of the event) and ``data`` (its detail, docs/events.md)."""

    id: str
    type: str
    image_id: str
    body: str

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Self:
        """Build from an EventBridge event. Raises KeyError if it is none that webhooks deliver."""
        name, detail = _TYPES[event["detail-type"]], event["detail"]
        document = {"type": name, "timestamp": event["time"], "data": detail}
        body = json.dumps(document, ensure_ascii=True, separators=(",", ":"))
        return cls(f"msg_{event['id']}", name, str(detail["image_id"]), body)
