"""Turns a batch of completion events into one CloudFront invalidation, by cache tag.

Every cached answer of an image carries the image's id as its tag, so that one item names all of its variants. The list
of paths takes tags too: they begin with #.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from functions.shared.aws import client, translated_errors
from functions.shared.keys import is_image_id

BUSY: Final = frozenset({"TooManyInvalidationsInProgress"})
"""What CloudFront answers while it has as many invalidations in progress as it takes; the batch waits."""


@dataclass(frozen=True)
class Purge:
    """What became of a batch: the images whose caches are being purged, and the messages that must come again."""

    image_ids: list[str]
    again: list[str]


def purge_images(messages: Sequence[dict[str, Any]], *, distribution_id: str) -> Purge:
    """Invalidate everything cached of the images that ``messages`` (SQS records) name.

    Raises TransientDependencyError; then every message comes again. A message that names no image is dropped: it
    would come back for ever.
    """
    named = {message["messageId"]: _image_of(message["body"]) for message in messages}
    image_ids = sorted({image_id for image_id in named.values() if image_id})
    if not image_ids:
        return Purge([], [])
    reference = hashlib.sha256("\n".join(sorted(named)).encode()).hexdigest()  # a repeated batch is one invalidation
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
    return image_id if is_image_id(image_id) else None
