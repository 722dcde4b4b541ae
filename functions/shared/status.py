"""The statuses of images, and the decisions that lead to them, with their reasons and sources."""

from enum import StrEnum
from typing import Final

SERVICE_ACTOR: Final = "service"
"""The actor of what an application does through the API, until callers have identities of their own."""


class Status(StrEnum):
    """The status of an image; part of the public API."""

    AWAITING_UPLOAD = "AWAITING_UPLOAD"
    PROCESSING = "PROCESSING"
    PUBLISHED = "PUBLISHED"
    BLURRED = "BLURRED"
    BLOCKED = "BLOCKED"
    IN_REVIEW = "IN_REVIEW"
    HELD = "HELD"
    REJECTED = "REJECTED"
    FAILED = "FAILED"
    REMOVED = "REMOVED"

    @property
    def is_servable(self) -> bool:
        """Whether variants of the image are served."""
        return self in {Status.PUBLISHED, Status.BLURRED}

    @property
    def is_in_progress(self) -> bool:
        """Whether the upload or its processing is still to be completed."""
        return self in {Status.AWAITING_UPLOAD, Status.PROCESSING}

    @property
    def is_final(self) -> bool:
        """Whether processing has ended with a result. A new upload or a new execution can still change the status."""
        return not self.is_in_progress and self not in {Status.IN_REVIEW, Status.HELD}

    @property
    def ended_without_verdict(self) -> bool:
        """Whether the last execution ended and the image has no verdict of it."""
        return self in {Status.REJECTED, Status.HELD, Status.FAILED}


class Reason(StrEnum):
    """Why an upload was rejected."""

    EMPTY = "EMPTY"
    UNSUPPORTED_FORMAT = "UNSUPPORTED_FORMAT"
    CORRUPT = "CORRUPT"
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"
    TOO_MANY_FRAMES = "TOO_MANY_FRAMES"
    TOO_COMPLEX = "TOO_COMPLEX"
    TYPE_MISMATCH = "TYPE_MISMATCH"


class Decision(StrEnum):
    """A decision of the moderation policy, mildest first: ordered by how much viewers see."""

    ALLOW = "allow"
    BLUR = "blur"
    REVIEW = "review"
    BLOCK = "block"

    @property
    def status(self) -> Status:
        """The status of an image with this decision."""
        return _STATUS_OF[self]

    @property
    def publishes(self) -> bool:
        """Whether files of an image with this decision are published."""
        return self.status.is_servable


_STATUS_OF: Final = {
    Decision.ALLOW: Status.PUBLISHED,
    Decision.BLUR: Status.BLURRED,
    Decision.REVIEW: Status.IN_REVIEW,
    Decision.BLOCK: Status.BLOCKED,
}

JUDGED: Final = frozenset(_STATUS_OF.values())
"""The statuses of images that have a verdict."""


class Fallback(StrEnum):
    """What a review ends in if no decision is made in time, mildest first. None publishes the sharp picture."""

    BLUR = "blur"
    HOLD = "hold"
    """The image stays in review, without a time limit."""
    BLOCK = "block"

    @property
    def decision(self) -> Decision:
        """The decision that it stands for."""
        return Decision.REVIEW if self is Fallback.HOLD else Decision(self.value)


class Source(StrEnum):
    """What led to a verdict."""

    INGEST = "ingest"
    OVERRIDE = "override"
    REVIEW = "review"
    REJUDGE = "rejudge"
