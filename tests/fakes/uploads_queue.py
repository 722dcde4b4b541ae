"""The queue of uploads in moto, at the URL that functions have in their environment."""

import json

from tests.fakes.aws import ENVIRONMENT


class UploadsQueue:
    """A new queue; use it inside ``mock_aws``."""

    def __init__(self, sqs) -> None:
        self._sqs = sqs
        self.url = sqs.create_queue(QueueName="uploads")["QueueUrl"]
        assert self.url == ENVIRONMENT["UPLOADS_QUEUE_URL"]

    def take(self) -> list[dict]:
        """Take all messages."""
        found = []
        while messages := self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(message["Body"]))
        return found
