"""Focal points: the record gets the point and a new revision, then everything made around the old point is deleted.

Variants of an older revision are never returned by `serve`. The CDN reads stored variants directly, so they are
deleted here, and the completion event purges its caches.

An execution of `retire` is started before the record is written. It waits until this call and all requests in flight
have ended, deletes the variants of older revisions, purges the CDN, and sends the event if this call did not. So the
change is completed wherever this call ends. If the record was not written, it finds nothing to do.
"""

from dataclasses import dataclass
from uuid import uuid4

from functions.records.event_detail import detail_of
from functions.records.focal_point import FocalPointWriter
from functions.shared.events import EventPublisher
from functions.shared.keys import generated_prefix
from functions.shared.object_store import S3ObjectStore
from functions.shared.retirement import Retirement
from functions.shared.variant import POINT_STEPS


@dataclass(frozen=True)
class FocalPoints:
    """Sets focal points of images whose variants are in ``generated_bucket``."""

    records: FocalPointWriter
    store: S3ObjectStore
    events: EventPublisher
    retirement: Retirement
    generated_bucket: str

    def set(self, image_id: str, x: float, y: float) -> None:
        """Set the focal point, from 0 to 1 of the width and of the height, rounded to sixteenths.

        Raises the errors of FocalPointWriter.set. After a TransientDependencyError the record may have the point; if
        it does, `retire` completes the change. A repeated call completes it at once.
        """
        point = (_sixteenths(x), _sixteenths(y))
        record = self.records.set(image_id, point, before_write=lambda: self._start_retirement(image_id))
        self.store.delete_prefix(self.generated_bucket, generated_prefix(image_id))
        self.events.publish(image_id, record.status, revision=record.revision, detail=detail_of(record))
        self.records.clear_unannounced(record)

    def _start_retirement(self, image_id: str) -> None:
        """Start an execution with a name of its own: one of an earlier call may have ended without a write."""
        self.retirement.start(image_id, name=f"{image_id}-focal-{uuid4().hex}")


def _sixteenths(share: float) -> int:
    return int(share * POINT_STEPS + 0.5)
