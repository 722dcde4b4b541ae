"""Removal of all images of an owner, some per call. The record of each image decides: only the owner's own are removed.

The entries of a removed image are deleted last, with its files. A repeated call therefore finds the images whose
removal did not start, and starts it.
"""

from dataclasses import dataclass
from typing import Final

from functions.manage.removal import Remover
from functions.records.cursors import Cursor
from functions.records.entries import Selection
from functions.records.listing import Listing
from functions.shared.errors import LegalHoldError, RecordMissingError

IMAGES_PER_CALL: Final = 25
"""Images that one call removes at most: each takes three AWS requests of 10 to 50 ms, and a call has 28 s."""

OWNER_REMOVED: Final = "OWNER_REMOVED"
"""Reason in the history of an image that was removed with all others of its owner."""


@dataclass(frozen=True)
class OwnerRemoval:
    """The ids of images that are being removed, and of those under a legal hold, which stay.

    ``cursor`` continues with older images; None at the end.
    """

    removed: tuple[str, ...]
    held: tuple[str, ...]
    cursor: Cursor | None


@dataclass(frozen=True)
class OwnerRemover:
    """Removes images of ``listing`` with ``remover``."""

    listing: Listing
    remover: Remover

    def remove(self, owned: Selection, cursor: Cursor | None) -> OwnerRemoval:
        """Remove one page of an owner's images.

        Raises TransientDependencyError or RemovalNotStartedError; repeat the call, images that are removed stay so.
        """
        page = self.listing.ids(owned, limit=IMAGES_PER_CALL, cursor=cursor)
        removed: list[str] = []
        held: list[str] = []
        for image_id in page.image_ids:
            try:
                self.remover.remove(image_id, reason=OWNER_REMOVED, only=owned)
                removed.append(image_id)
            except LegalHoldError:
                held.append(image_id)
            except RecordMissingError:  # TTL deleted the record of an upload that never came
                self.listing.forget(owned, image_id)
        return OwnerRemoval(tuple(removed), tuple(held), page.cursor)
