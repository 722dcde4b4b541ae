"""The queue of uploads: `admit` takes a message when its turn comes and starts `ingest` with it."""

import json
from typing import Any

from functions.shared.aws import client, translated_errors


class UploadsQueue:
    """Sends events of uploads (see upload_events.py). ``sqs`` is a botocore client, by default the process's own."""

    def __init__(self, url: str, sqs: Any = None) -> None:
        self._url = url
        self._sqs = client("sqs") if sqs is None else sqs

    def send(self, event: dict[str, Any], *, delay_seconds: int = 0) -> None:
        """Send one event, which is delivered after the delay. Raises TransientDependencyError."""
        delay = {"DelaySeconds": delay_seconds} if delay_seconds else {}
        with translated_errors():
            self._sqs.send_message(QueueUrl=self._url, MessageBody=json.dumps(event), **delay)

    def has_messages(self) -> bool:
        """Return whether uploads wait for their turn; SQS's count is approximate. Raises TransientDependencyError."""
        with translated_errors():
            answer = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(answer["Attributes"]["ApproximateNumberOfMessages"]) > 0
