"""What stays of a removed image: attributes of its record and of the lines of its history.

`manage` drops the rest in the write that removes an image. The state machine `remove` drops the attributes that it can
name, and the function `remove` drops all others.
"""

from typing import Final

KEPT: Final = frozenset(
    {
        "pk", "sk", "image_id", "status", "tenant", "created_at", "updated_at", "removed_at", "removal", "listing_day",
        "reason", "last_revision", "sequencer", "claimed_by", "claimed_at",
    }
)  # fmt: skip
"""What a removed record keeps. The last four hold no trace of the picture, and keep late events away."""

PERSONAL: Final = frozenset(
    {
        "filename", "owner", "content_type", "declared_size", "original", "picture", "facts", "verdict", "detail",
        "error", "expires_at", "claimed_etag", "claimed_version", "claimed_size", "revision", "unannounced",
        "retirement",
    }
)  # fmt: skip
"""What is dropped in any case: a run may write it between a reading and the write that removes the image."""

LINE_KEPT: Final = frozenset({"pk", "sk", "type", "at", "execution_arn", "revision", "reason"})
"""What a line of a removed image's history keeps."""

REQUESTED: Final = "REQUESTED"
IN_PROGRESS: Final = "IN_PROGRESS"
DONE: Final = "DONE"
