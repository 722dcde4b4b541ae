"""Finds stuck images, and settles or restarts them. Sweeps may run at any time, even concurrently.

PROCESSING, but its execution has ended   the status event was lost: `settle` records the failure
its event was not sent                    an execution or a change of the verdict ended half-way: `settle` sends it
its decision stays pending                the message was lost, or the execution failed early: a message is sent again
IN_REVIEW after the time for a decision   the event was lost, or `review` failed: `review` is started
an upload that no execution has claimed   S3's event was lost or never sent: the upload is put into the queue
HELD                                      there was no verdict, and the cause may be temporary: the image is resumed

EventBridge events are best effort, and S3 starts to send them only minutes after a bucket is first deployed. Images are
processed again years after their upload, so a sweep finds them by status, however old they are, or by what was written
into their history in the last LOOK_BACK. It checks uploads of the last LOOK_BACK.
"""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from functions.records.claims import Claim, ClaimReader
from functions.records.reviews import OverdueReview, ReviewReader
from functions.shared.aws import KEYS_PER_READ
from functions.shared.clock import iso
from functions.shared.executions import Executions
from functions.shared.keys import first_id_of, is_ulid, original_key
from functions.shared.object_store import S3ObjectStore
from functions.shared.status import JUDGED, Status
from functions.shared.upload_events import upload_event
from functions.shared.uploads_queue import UploadsQueue
from functions.sweep.settings import SweepSettings

LOOK_BACK: Final = timedelta(days=3)
"""How far back a sweep looks for uploads and for history items that something follows. It covers the time limit of
`ingest` (30 hours) and leaves almost two days to fix a broken sweep."""
FORGOTTEN_WHILE_OTHERS_WAIT: Final = timedelta(days=1)
"""How old an upload must be to count as forgotten while other uploads wait in the queue."""
HELD_FOR: Final = timedelta(hours=1)
"""How long an image stays HELD before it is resumed."""
MAX_RESUMED_REVISION: Final = 75
"""Revisions from which on a held image is left to an operator: a new image is resumed for three days. An image is
processed 100 times at most, so 25 are left."""
MAX_RESUMED: Final = 100
"""The most held images that one sweep resumes; each costs detector calls again."""
PERMANENT_ERRORS: Final = frozenset({"ModerationRefusedError"})
"""Errors that do not go away when a held image is resumed."""

_SETTLED, _STARTED, _RESUMED = "settled", "started", "resumed"


@dataclass(frozen=True)
class Repairs:
    """How many images one sweep settled, started and resumed, and whether it has checked all of them.

    ``started`` counts uploads that were queued, for the first time or because of a decision, and reviews.
    """

    settled: int
    started: int
    resumed: int
    looked_at_all: bool


class StuckImages:
    """Repairs stuck images. Clients are botocore's, by default the process's own; ``now`` returns the time in UTC."""

    def __init__(
        self,
        settings: SweepSettings,
        *,
        dynamodb: Any = None,
        s3: Any = None,
        sqs: Any = None,
        stepfunctions: Any = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._claims = ClaimReader(settings.table_name, dynamodb)
        self._reviews = ReviewReader(settings.table_name, dynamodb)
        self._store = S3ObjectStore(s3)
        self._uploads_queue = UploadsQueue(settings.uploads_queue_url, sqs)
        self._executions = Executions(stepfunctions)
        self._forgotten_after = timedelta(seconds=settings.forgotten_after_seconds)
        self._now = now

    def repair(self, *, has_time: Callable[[], bool]) -> Repairs:
        """Check images while ``has_time`` returns True, and repair those that are stuck.

        Raises TransientDependencyError; the next sweep then repairs the rest.
        """
        done: Counter[str] = Counter()
        looked_at_all = True
        for kind, repair in self._checks(done):
            if not has_time():
                looked_at_all = False
                break
            done[kind] += repair()
        looked_at_all = looked_at_all and done[_RESUMED] < MAX_RESUMED
        return Repairs(done[_SETTLED], done[_STARTED], done[_RESUMED], looked_at_all)

    def _checks(self, done: Mapping[str, int]) -> Iterator[tuple[str, Callable[[], int]]]:
        """Yield functions that check some images and return how many were repaired, and what the repairs count as.

        ``done`` has the counts so far. The history comes last: it also has items of images that need nothing any more,
        and a large rejudgement writes more of them than one sweep can read.
        """
        uploads_wait = self._uploads_queue.has_messages()
        # A queued upload is not stuck, but looks like one whose event was lost.
        forgotten_after = FORGOTTEN_WHILE_OTHERS_WAIT if uploads_wait else self._forgotten_after
        for claim in self._claims.in_status(Status.PROCESSING):
            yield _SETTLED, partial(self._settle, claim)
        for review in self._reviews.due_before(self._now() - self._forgotten_after):
            yield _STARTED, partial(self._start_review, review)
        if not uploads_wait:
            for claim in self._claims.in_status(Status.HELD):
                if done[_RESUMED] == MAX_RESUMED:
                    break
                if claim.is_unannounced:
                    yield _SETTLED, partial(self._settle, claim)
                else:
                    yield _RESUMED, partial(self._resume, claim)
        for image_ids in self._batches(forgotten_after):
            yield _STARTED, partial(self._start_unclaimed, image_ids)
        yield from self._checks_of_history(forgotten_after)

    def _checks_of_history(self, forgotten_after: timedelta) -> Iterator[tuple[str, Callable[[], int]]]:
        """Yield the checks of images whose event is to be sent, or whose decision is pending."""
        for hour in self._hours():
            for claim in self._claims.due(hour):
                if claim.is_unannounced:
                    yield _SETTLED, partial(self._settle, claim)
                else:
                    yield _STARTED, partial(self._rework, claim, hour, forgotten_after)

    # --- records

    def _hours(self) -> list[str]:
        """Return the hours of LOOK_BACK as ISO 8601, in random order: what one sweep has no time for, another has."""
        hours = range(LOOK_BACK // timedelta(hours=1) + 1)
        found = [iso(self._now() - timedelta(hours=hour))[: len("2026-11-24T09")] for hour in hours]
        random.shuffle(found)
        return found

    def _settle(self, claim: Claim) -> bool:
        """Start `settle` if an execution ended before its last step, or a change of the verdict did.

        Return whether it was started.
        """
        began = claim.updated_at if claim.is_unannounced else claim.claimed_at
        if claim.execution_arn is None or self._age(began) < self._forgotten_after:
            return False
        execution = self._executions.describe(claim.execution_arn) or {"status": "MISSING"}
        if execution["status"] == "RUNNING":
            return False
        detail = {
            "executionArn": claim.execution_arn,
            "stateMachineArn": self._settings.ingest_state_machine_arn,
            "status": execution["status"],
            "input": execution.get("input") or json.dumps(claim.event(self._settings.originals_bucket)),
        }
        # The name contains the hour: a failed `settle` is retried, but not at every sweep.
        digest = hashlib.sha256(claim.execution_arn.encode()).hexdigest()[:32]
        name = f"sweep-{digest}-{self._now():%Y%m%d%H}"
        return self._executions.start(self._settings.settle_state_machine_arn, name, json.dumps({"detail": detail}))

    def _rework(self, claim: Claim, hour: str, forgotten_after: timedelta) -> bool:
        """Queue the upload of an image again whose decision of an hour is pending; return whether it was queued."""
        is_pending = claim.status in JUDGED and claim.pending_at.startswith(hour)
        if not is_pending or self._age(claim.pending_at) < forgotten_after or not claim.can_be_processed:
            return False
        self._uploads_queue.send(claim.event(self._settings.originals_bucket, rework=True))
        return True

    def _resume(self, claim: Claim) -> bool:
        """Queue the upload of a held image again if its error may be temporary; return whether it was queued."""
        is_over = claim.error in PERMANENT_ERRORS or claim.last_revision >= MAX_RESUMED_REVISION
        if is_over or self._age(claim.updated_at) < HELD_FOR or not claim.names_upload:
            return False
        self._uploads_queue.send(claim.event(self._settings.originals_bucket, resume=True))
        return True

    def _start_review(self, review: OverdueReview) -> bool:
        """Start `review`, which applies the fallback at once; return False if it ended in this hour already."""
        name = f"sweep-{review.image_id}-{review.revision}-{self._now():%Y%m%d%H}"
        document = json.dumps({"image_id": review.image_id})
        return self._executions.start(self._settings.review_state_machine_arn, name, document)

    # --- uploads

    def _batches(self, forgotten_after: timedelta) -> Iterator[list[str]]:
        """Yield the ids of recent uploads, in batches of the size that one read takes."""
        batch: list[str] = []
        for image_id in self._uploads(forgotten_after):
            batch.append(image_id)
            if len(batch) == KEYS_PER_READ:
                yield batch
                batch = []
        if batch:
            yield batch

    def _uploads(self, forgotten_after: timedelta) -> Iterator[str]:
        """Yield the ids of recent uploads that are at least so old. Ids begin with their time, so keys sort by it."""
        oldest = f"uploads/{first_id_of(self._now() - LOOK_BACK)}"
        for stored in self._store.listed(self._settings.originals_bucket, "uploads/", after=oldest):
            image_id = stored.key.split("/")[1]
            is_original = is_ulid(image_id) and stored.key == original_key(image_id)
            if is_original and self._now() - stored.last_modified >= forgotten_after:
                yield image_id

    def _start_unclaimed(self, image_ids: list[str]) -> int:
        """Queue the unclaimed uploads of a batch; return how many were queued."""
        return sum(self._start_upload(image_id) for image_id in self._unclaimed(image_ids))

    def _unclaimed(self, image_ids: list[str]) -> Iterator[str]:
        """Yield the ids of unclaimed uploads, and of removed images: an execution deletes their uploads."""
        claims = self._claims.of_each(image_ids)
        for image_id in image_ids:
            claim = claims.get(image_id)
            if claim is None or claim.execution_arn is None or claim.status is Status.REMOVED:
                yield image_id

    def _start_upload(self, image_id: str) -> bool:
        """Queue the event that S3 sends for the first version of an upload; return False if the object is gone."""
        bucket = self._settings.originals_bucket
        versions = [each for each in self._store.versions(bucket, original_key(image_id)) if not each.is_delete_marker]
        if not versions:
            return False
        first = versions[-1]  # S3 lists the newest first
        self._uploads_queue.send(
            upload_event(
                image_id, bucket=bucket, etag=first.etag, version=first.version_id, size=first.size,
                sequencer=f"{int(first.last_modified.timestamp() * 1000):016X}",
            )
        )  # fmt: skip
        return True

    def _age(self, moment: str) -> timedelta:
        """Return how long ago a time was; a record that lacks it is as old as can be."""
        return self._now() - datetime.fromisoformat(moment) if moment else timedelta.max
