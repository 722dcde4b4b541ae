"""Resumption in bulk: puts the uploads of held or failed images into the queue of uploads again.

The queue bounds how many are processed at once. Repeating a call is harmless: an image is claimed by one execution, and
a message about an image that is being processed, or has a verdict, changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from functions.records.claims import Claim
from functions.records.cursors import Cursor
from functions.records.entries import Selection
from functions.records.listing import Listing
from functions.shared.uploads_queue import UploadsQueue

IMAGES_PER_CALL: Final = 100
"""Images that one call resumes at most: each is a call of SQS of about 10 ms."""


@dataclass(frozen=True)
class Resumption:
    """The ids of resumed images, and of those whose records do not name their upload, which cannot be resumed.

    ``cursor`` continues with older images; None at the end.
    """

    resumed: tuple[str, ...]
    skipped: tuple[str, ...]
    cursor: Cursor | None


class Resumer:
    """Resumes images of ``listing``, whose uploads are in ``originals_bucket``."""

    def __init__(self, listing: Listing, queue: UploadsQueue, *, originals_bucket: str) -> None:
        self._listing = listing
        self._queue = queue
        self._bucket = originals_bucket

    def resume(self, selection: Selection, *, since: datetime | None, cursor: Cursor | None) -> Resumption:
        """Resume the images of one page of a list.

        With ``since`` (with a time zone), only images whose records were updated then or later. Raises
        TransientDependencyError; some images may have been resumed then.
        """
        page = self._listing.claims(selection, limit=IMAGES_PER_CALL, cursor=cursor)
        chosen = [claim for claim in page.claims if since is None or _updated_since(claim, since)]
        resumed = [claim for claim in chosen if claim.names_upload]
        for claim in resumed:
            self._queue.send(claim.event(self._bucket, resume=True))
        return Resumption(
            resumed=tuple(claim.image_id for claim in resumed),
            skipped=tuple(claim.image_id for claim in chosen if not claim.names_upload),
            cursor=page.cursor,
        )


def _updated_since(claim: Claim, since: datetime) -> bool:
    return claim.updated_at != "" and datetime.fromisoformat(claim.updated_at) >= since
