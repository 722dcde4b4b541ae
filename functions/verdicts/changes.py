"""Changes the verdict of an image that has one: by an override, a review's fallback or re-judging.

A change to block or review takes the picture down:

1. An execution of `retire` is started if the image is or was served. It waits for a minute, then deletes all files
   that the record does not show, sends the event if it was not sent, and purges the CDN. It is started first, so that
   all this happens even if this process ends after the next step.
2. One transaction writes the record (a new revision without a picture) and a history item. From then on the image is
   not served. The record also says that its completion event is still to be sent.
3. All generated variants are deleted, because the CDN reads them without any function. Then the event is sent, which
   purges the CDN, and the record is updated.

An override to block takes the picture down also while the image is processed, and when an execution has ended without a
verdict, whether or not the image was ever shown. An execution in progress then finds that the image has a newer
revision: it publishes nothing, and deletes its files.

A change to allow or blur needs the sharp pixels, which are not stored (docs/adr/0040):

1. The upload's event is sent to the queue of uploads again, with ``rework`` and a delay. It is sent first, so that the
   image is processed even if this process ends after the next step.
2. One transaction writes the decision into the record as pending, with a history item.
3. `admit` starts `ingest` if the decision is pending. `ingest` makes the picture again from the original, `moderate`
   reads the decision from the record, and `persist` publishes the new revision. If the event is lost or dropped, or the
   execution fails early, a repeated call or the sweep sends the event again.

Every step can be repeated: a repeated call completes what an earlier one left undone. A change is refused if the
image's revision is not the one that the decision was made on.
"""

import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from functions.records.changes import Change, ChangeWriter
from functions.records.claims import Claim
from functions.records.event_detail import detail_of_change
from functions.records.reader import RecordReader
from functions.records.record import ImageRecord
from functions.shared.errors import RecordConflictError
from functions.shared.events import EventPublisher
from functions.shared.executions import Executions
from functions.shared.keys import generated_prefix
from functions.shared.object_store import S3ObjectStore
from functions.shared.retirement import Retirement
from functions.shared.status import JUDGED, Decision, Source, Status
from functions.shared.uploads_queue import UploadsQueue
from functions.verdicts.settings import VerdictSettings

BLOCKABLE: Final = JUDGED | {Status.PROCESSING, Status.HELD, Status.FAILED}
"""The statuses in which an override may block an image: those of images that are shown, or may be after an execution
that runs or is still to come."""

REQUEST_DELAY_SECONDS: Final = 3
"""How long the event of an image that is processed again is delayed: the transaction takes some tens of ms."""


class Outcome(StrEnum):
    """The result of a change."""

    APPLIED = "applied"
    """The record has the decision."""
    QUEUED = "queued"
    """The decision is recorded, and the image is processed again."""
    UNCHANGED = "unchanged"
    """The image has the decision already."""
    OVERRIDDEN = "overridden"
    """An override stands; re-judging does not change it."""
    CONFLICT = "conflict"
    """The image changed since the decision was made."""
    BUSY = "busy"
    """The image is being processed."""
    UNJUDGED = "unjudged"
    """The image has no verdict."""
    EXHAUSTED = "exhausted"
    """The image has too many revisions to be processed again, or its record does not name its upload."""
    MISSING = "missing"
    """There is no such image."""
    REMOVED = "removed"
    """The image was removed."""


@dataclass(frozen=True)
class VerdictChanges:
    """Changes verdicts."""

    reader: RecordReader
    writer: ChangeWriter
    store: S3ObjectStore
    events: EventPublisher
    queue: UploadsQueue
    retirement: Retirement
    generated_bucket: str
    originals_bucket: str

    @classmethod
    def from_settings(cls, settings: VerdictSettings) -> Self:
        """Return what changes verdicts with the process's own clients."""
        return cls(
            reader=RecordReader(settings.table_name),
            writer=ChangeWriter(settings.table_name),
            store=S3ObjectStore(),
            events=EventPublisher(settings.event_bus_name),
            queue=UploadsQueue(settings.uploads_queue_url),
            retirement=Retirement(Executions(), settings.retire_state_machine_arn),
            generated_bucket=settings.generated_bucket,
            originals_bucket=settings.originals_bucket,
        )

    def apply(self, change: Change) -> Outcome:
        """Apply one change. Raises ContractError or TransientDependencyError; repeat the call after the latter."""
        document = self.reader.document(change.image_id)
        if document is None:
            return Outcome.MISSING
        record, claim = ImageRecord.from_document(document), Claim.from_document(document)
        if record.status not in (BLOCKABLE if _stops(change) else JUDGED):
            return _NOT_JUDGED.get(record.status, Outcome.UNJUDGED)
        if _is_made(record, change):
            return self._complete(record, claim, change)
        refusal = _refusal(record, change)
        try:
            return refusal or self._make(record, claim, change)
        except RecordConflictError:
            return Outcome.CONFLICT

    def _make(self, record: ImageRecord, claim: Claim, change: Change) -> Outcome:
        is_held = change.decision is Decision.REVIEW or (change.decision.publishes and not claim.can_be_processed)
        if change.source is Source.REVIEW and is_held:
            self.writer.hold(record, change)
            return Outcome.APPLIED
        if change.decision.status is record.status:
            self.writer.confirm(record, change)
            return Outcome.UNCHANGED if change.source is Source.REJUDGE else Outcome.APPLIED
        if change.decision.publishes:
            return self._request(record, claim, change)
        if record.status.is_servable or (record.status not in JUDGED and record.revision):
            self._retire(record)
        revision = self.writer.take_down(record, change)
        return self._announce(record, change, revision)

    def _complete(self, record: ImageRecord, claim: Claim, change: Change) -> Outcome:
        """Do what an earlier call that made the change, or the execution that it led to, has left undone."""
        if record.pending is not None:
            return self._send(claim)
        if record.unannounced is not None and not record.status.is_servable:
            return self._announce(record, change, record.revision)
        return Outcome.UNCHANGED

    def _request(self, record: ImageRecord, claim: Claim, change: Change) -> Outcome:
        outcome = self._send(claim)
        if outcome is Outcome.QUEUED:
            self.writer.request(record, change)
        return outcome

    def _send(self, claim: Claim) -> Outcome:
        """Have the image processed again. `admit` drops the message once no decision is pending."""
        if not claim.can_be_processed:
            return Outcome.EXHAUSTED
        self.queue.send(claim.event(self.originals_bucket, rework=True), delay_seconds=REQUEST_DELAY_SECONDS)
        return Outcome.QUEUED

    def _retire(self, record: ImageRecord) -> None:
        name = f"{record.image_id}-{record.revision}-{uuid.uuid4().hex[:12]}"
        self.retirement.start(record.image_id, name)

    def _announce(self, record: ImageRecord, change: Change, revision: int) -> Outcome:
        self.store.delete_prefix(self.generated_bucket, generated_prefix(record.image_id))
        detail = detail_of_change(record, change)
        self.events.publish(record.image_id, change.decision.status, revision=revision, detail=detail)
        self.writer.clear_unannounced(record.image_id, revision)
        return Outcome.APPLIED


_NOT_JUDGED: Final = {Status.REMOVED: Outcome.REMOVED, Status.PROCESSING: Outcome.BUSY}


def _stops(change: Change) -> bool:
    """Tell whether the change is a decision to block that does not depend on a verdict."""
    return change.source is Source.OVERRIDE and change.decision is Decision.BLOCK


def _is_made(record: ImageRecord, change: Change) -> bool:
    """Tell whether the record has this change, whatever is still to be done for it."""
    has_status = change.decision.status is record.status
    if change.judgement is not None:
        wanted = change.judgement.policies
        if record.pending is not None:
            return record.pending.policies == wanted and record.pending.decision is change.decision
        verdict = record.verdict
        return (
            has_status
            and verdict is not None
            and ((verdict.policy_digest or "", verdict.floor_digest or "") == (wanted.policy, wanted.floor))
        )
    if change.decision is Decision.REVIEW:
        return has_status and record.review is not None and record.review.due_at is None
    override = record.override
    return (
        override is not None
        and (has_status or record.pending is not None)
        and (override.decision, override.source, override.actor, override.reason, override.note)
        == (change.decision, change.source, change.actor, change.reason, change.note)
    )


def _refusal(record: ImageRecord, change: Change) -> Outcome | None:
    """Return why the change may not be made; None if the record is the one that the decision was made on."""
    if change.source is Source.REJUDGE and record.override is not None:
        return Outcome.OVERRIDDEN
    if record.revision != change.revision:
        return Outcome.CONFLICT
    is_decided = record.override is not None or record.pending is not None
    if change.source is Source.REVIEW and (record.status is not Status.IN_REVIEW or is_decided):
        return Outcome.CONFLICT
    digest = (record.verdict.policy_digest or "") if record.verdict else ""
    return None if change.from_digest in {None, digest} else Outcome.CONFLICT
