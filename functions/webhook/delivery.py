"""Delivers the messages of the queues: signs each one, posts it, and sets the time of the next attempt if that failed.

A message stays in its queue until the receiver has accepted it, so it can be delivered more than once. Its id is the
same each time.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from functions.shared.aws import client, translated_errors
from functions.webhook.connection import DeliveryError, Response, post
from functions.webhook.message import Message
from functions.webhook.retries import delay_seconds
from functions.webhook.secrets import SigningSecrets
from functions.webhook.settings import Endpoint


@dataclass(frozen=True)
class Delivery:
    """The result of one attempt. ``status`` is the response's, 0 if there is none; ``error`` then says why."""

    webhook: str
    message: Message
    attempt: int
    status: int = 0
    error: str = ""
    next_seconds: int = 0

    @property
    def is_accepted(self) -> bool:
        """Whether the receiver has accepted the message."""
        return Response(self.status).is_success

    def to_log(self) -> dict[str, Any]:
        """Return the fields of a log line; the body is not among them."""
        message = self.message
        logged = {"webhook": self.webhook, "message_id": message.id, "type": message.type, "image_id": message.image_id}
        return logged | {"attempt": self.attempt, "status": self.status, "error": self.error,
                         "next_seconds": self.next_seconds}  # fmt: skip


class Deliverer:
    """Delivers messages to the endpoints of their queues. ``sqs`` is a botocore client, by default the process's own.

    ``send`` is the function that posts; ``now`` returns the time.
    """

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        *,
        secrets: SigningSecrets,
        sqs: Any = None,
        send: Callable[..., Response] = post,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._endpoints = endpoints
        self._secrets = secrets
        self._sqs = client("sqs") if sqs is None else sqs
        self._send = send
        self._now = now

    def deliver(self, record: Mapping[str, Any]) -> Delivery:
        """Try to deliver the message of an SQS record. Raises TransientDependencyError if AWS fails."""
        endpoint = self._endpoints[record["eventSourceARN"]]
        message = Message.from_event(json.loads(record["body"]))
        attempt = int(record["attributes"]["ApproximateReceiveCount"])
        response, error = self._attempt(endpoint, message)
        if response.is_success:
            return Delivery(endpoint.name, message, attempt, response.status)
        seconds = delay_seconds(attempt, retry_after_seconds=response.retry_after_seconds)
        with translated_errors():
            self._sqs.change_message_visibility(
                QueueUrl=endpoint.queue_url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=seconds
            )
        return Delivery(endpoint.name, message, attempt, response.status, error, seconds)

    def _attempt(self, endpoint: Endpoint, message: Message) -> tuple[Response, str]:
        at = self._now()
        signatures = [
            signer.sign(msg_id=message.id, timestamp=at, data=message.body)
            for signer in self._secrets.signers(endpoint.secret_id)
        ]
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "image-scaler",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        try:
            return self._send(endpoint.address, headers, message.body.encode(), loopback=endpoint.loopback), ""
        except DeliveryError as error:
            return Response(0), str(error)
