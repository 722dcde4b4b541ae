"""Focal points: the record gets the point and a new revision, then everything made around the old point is deleted.

Variants of an older revision are never returned by `serve`. The CDN reads stored variants directly, so they are
deleted here, and the completion event purges its caches. The event also starts `retire`, which deletes variants that
requests in flight store after that.
"""

from dataclasses import dataclass

from functions.records.event_detail import detail_of
from functions.records.focal_point import FocalPointWriter
from functions.shared.events import EventPublisher
from functions.shared.keys import generated_prefix
from functions.shared.object_store import S3ObjectStore
from functions.shared.variant import POINT_STEPS


@dataclass(frozen=True)
class FocalPoints:
    """Sets focal points of images whose variants are in ``generated_bucket``."""

    records: FocalPointWriter
    store: S3ObjectStore
    events: EventPublisher
    generated_bucket: str

    def set(self, image_id: str, x: float, y: float) -> None:
        """Set the focal point, from 0 to 1 of the width and of the height, rounded to sixteenths.

        Raises the errors of FocalPointWriter.set. After a TransientDependencyError the record may have the point, and
        old variants may still be served; repeat the call.
        """
        record = self.records.set(image_id, (_sixteenths(x), _sixteenths(y)))
        self.store.delete_prefix(self.generated_bucket, generated_prefix(image_id))
        self.events.publish(image_id, record.status, revision=record.revision, detail=detail_of(record))


def _sixteenths(share: float) -> int:
    return int(share * POINT_STEPS + 0.5)
