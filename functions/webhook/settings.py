"""Settings of webhook."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from functions.shared.settings import EnvironmentReader, Settings
from functions.shared.webhooks import WebhookAddress


@dataclass(frozen=True)
class Endpoint:
    """A receiver: its name, its address, the ARN of the secret that signs for it, and the URL of its queue.

    ``loopback`` is whether this host may be called, over http too; only for a stage on the emulator.
    """

    name: str
    address: WebhookAddress
    secret_id: str
    queue_url: str
    loopback: bool = False

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Build from an item of the variable WEBHOOKS. Raises KeyError, TypeError or ValueError."""
        loopback = bool(document.get("loopback", False))
        address = WebhookAddress.parse(document["url"], loopback=loopback)
        return cls(str(document["name"]), address, str(document["secret"]), str(document["queue_url"]), loopback)


@dataclass(frozen=True)
class WebhookSettings(Settings):
    """The receivers by the ARN of the queue that holds their messages."""

    endpoints: Mapping[str, Endpoint]

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        text = reader.text("WEBHOOKS")
        try:
            items = json.loads(text or "[]")
            return cls({str(item["queue"]): Endpoint.from_document(item) for item in items})
        except (KeyError, TypeError, ValueError) as error:
            reader.expect(False, f"WEBHOOKS is not a list of webhooks: {error!r}")  # noqa: FBT003 - always a fault
            return cls({})
