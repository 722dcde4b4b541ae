"""Which attributes remain of a removed image, in its record and in its history.

The write that removes an image (removal.py) deletes the others. The state machine `remove` deletes the attributes that
it can name, and the function `remove` deletes any that are left (partition.py).
"""

from typing import Final

KEPT: Final = frozenset(
    {
        "pk", "sk", "image_id", "status", "tenant", "created_at", "updated_at", "removed_at", "removal", "listing_day",
        "selector", "position", "reason", "last_revision", "sequencer", "claimed_by", "claimed_at",
    }
)  # fmt: skip
"""Attributes that a removed record keeps. The last four contain nothing of the picture; they reject late events."""

PERSONAL: Final = frozenset(
    {
        "filename", "owner", "content_type", "declared_size", "original", "picture", "facts", "verdict", "detail",
        "error", "expires_at", "claimed_etag", "claimed_version", "claimed_size", "revision", "unannounced",
        "retirement", "focal_point", "policy", "override", "review", "pending", "legal_hold", "hold_number",
    }
)  # fmt: skip
"""Attributes that are always deleted: an execution may add them between a read and the write that removes the image."""

LINE_KEPT: Final = frozenset(
    {
        "pk", "sk", "type", "at", "execution_arn", "revision", "reason", "decision", "source", "actor", "policy_digest",
        "count", "first_at", "sequencer",
    }
)  # fmt: skip
"""Attributes that a history item of a removed image keeps. The last three count uploads that were not claimed; they may
also arrive after the removal."""

REQUESTED: Final = "REQUESTED"
IN_PROGRESS: Final = "IN_PROGRESS"
DONE: Final = "DONE"
