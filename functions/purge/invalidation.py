"""Turns a batch of completion events into one CloudFront invalidation by cache tag.

Every cached response for an image has the image's id as its cache tag, so one item purges all variants. In the list of
paths a tag begins with #.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from functions.shared.aws import client, translated_errors
from functions.shared.keys import is_ulid

BUSY: Final = frozenset({"TooManyInvalidationsInProgress"})
"""CloudFront's error while too many invalidations are in progress; the queue delivers the batch again."""


@dataclass(frozen=True)
class Purge:
    """The result of a batch: the images that are being purged, and the messages that must be delivered again."""

    image_ids: list[str]
    again: list[str]


def purge_images(messages: Sequence[dict[str, Any]], *, distribution_id: str) -> Purge:
    """Invalidate all cached responses for the images of ``messages`` (SQS records).

    Raises TransientDependencyError; the queue then delivers every message again. A message without an image id is
    dropped, because it would be delivered without end.
    """
    named = {message["messageId"]: _image_of(message["body"]) for message in messages}
    image_ids = sorted({image_id for image_id in named.values() if image_id})
    if not image_ids:
        return Purge([], [])
    batch = "\n".join(sorted(named))  # a repeated batch has the same reference, and is one invalidation
    reference = hashlib.sha256(batch.encode()).hexdigest()
    try:
        with translated_errors():
            client("cloudfront").create_invalidation(
                DistributionId=distribution_id,
                InvalidationBatch={
                    "Paths": {"Quantity": len(image_ids), "Items": [f"#{image_id}" for image_id in image_ids]},
                    "CallerReference": reference,
                },
            )
    except ClientError as error:
        if error.response["Error"]["Code"] not in BUSY:
            raise
        return Purge([], [message_id for message_id, image_id in named.items() if image_id])
    return Purge(image_ids, [])


def _image_of(body: str) -> str | None:
    """Return the id in an EventBridge event's detail, or None."""
    event = json.loads(body)
    image_id = event.get("detail", {}).get("image_id", "")
    return image_id if is_ulid(image_id) else None
