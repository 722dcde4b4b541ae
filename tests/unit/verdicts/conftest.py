"""Images with verdicts in a small AWS, and what changes their verdicts."""

import pytest

from functions.records.changes import Change, ChangeWriter, Judgement
from functions.records.reader import RecordReader
from functions.shared.contracts import PinnedPolicies, ReviewTerms
from functions.shared.events import EventPublisher
from functions.shared.executions import Executions
from functions.shared.object_store import S3ObjectStore
from functions.shared.retirement import Retirement
from functions.shared.status import Decision, Fallback, Source
from functions.shared.uploads_queue import UploadsQueue
from functions.verdicts.changes import VerdictChanges
from tests.fakes.aws import EVENT_BUS, GENERATED, ORIGINALS, PUBLISHED, TABLE

ID = "01JDFZ8Q6W4T3R2Y1X0V9B8N7M"
OLD, NEW = "a" * 64, "b" * 64
"""Digests of the policy of the verdict, and of the one to judge by again."""

STATUSES = {"allow": "PUBLISHED", "blur": "BLURRED", "review": "IN_REVIEW", "block": "BLOCKED"}
MASTER = {"key": f"{ID}/1/master.jpg", "width": 64, "height": 48, "bytes": 9, "content_type": "image/jpeg"}
PICTURE = {"master": MASTER, "renditions": [], "placeholder": "AAAA", "dominant_color": "#112233"}


@pytest.fixture
def changes(clients, stepfunctions, retirements, uploads):
    return VerdictChanges(
        reader=RecordReader(TABLE, clients["dynamodb"]),
        writer=ChangeWriter(TABLE, clients["dynamodb"]),
        store=S3ObjectStore(clients["s3"]),
        events=EventPublisher(EVENT_BUS, clients["events"]),
        queue=UploadsQueue(uploads.url, clients["sqs"]),
        retirement=Retirement(Executions(stepfunctions), retirements.arn),
        generated_bucket=GENERATED,
        originals_bucket=ORIGINALS,
    )


def put_judged(aws, decision: str, **changed) -> dict:
    """Write the record of an image with this verdict, and its files; return the record."""
    record = {
        "pk": f"IMAGE#{ID}", "sk": "RECORD", "image_id": ID, "status": STATUSES[decision], "tenant": "acme",
        "created_at": "2026-11-24T09:00:00.000Z", "revision": 1, "last_revision": 1, "sequencer": "00AA",
        "claimed_by": "arn:aws:states:eu-central-1:123456789012:execution:ingest:e", "claimed_etag": "e" * 32,
        "claimed_size": 7, "claimed_version": "v1",
        "verdict": {
            "decision": decision, "policy_version": "p1", "model_version": "7.0", "deciding": ["Weapons"],
            "policy_name": "default", "policy_digest": OLD, "reason": "WEAPONS",
        },
    }  # fmt: skip
    if decision in {"allow", "blur"}:
        record["picture"] = PICTURE
        aws.put_objects(PUBLISHED, [MASTER["key"]])
        aws.put_objects(GENERATED, [f"images/{ID}/fit=cover,width=64"])
    if decision == "review":
        record["review"] = {"fallback": "blur", "due_at": "2026-11-27T09:00:00.000Z"}
    record |= changed
    aws.put_item(record)
    return record


def record_of(aws) -> dict:
    return aws.items(f"IMAGE#{ID}")["RECORD"]


def lines_of(aws) -> list[dict]:
    """Return the history, oldest first."""
    return [item for key, item in sorted(aws.items(f"IMAGE#{ID}").items()) if key.startswith("EVENT#")]


def override(decision: str, *, revision: int = 1, note: str | None = None) -> Change:
    return Change(ID, revision, Decision(decision), Source.OVERRIDE, reason="SECOND_LOOK", note=note, actor="service")


def fallback(decision: str, *, revision: int = 1) -> Change:
    """Return the change of a review's fallback, as the state machine sends it."""
    document = {"image_id": ID, "revision": str(revision), "decision": decision, "source": "review"}
    return Change.from_state(document | {"reason": "REVIEW_OVERDUE"})


def rejudged(decision: str, *, revision: int = 1, from_digest: str = OLD) -> Change:
    judgement = Judgement(
        policies=PinnedPolicies(policy=NEW), policy_version="p2", deciding=("Violence",), reason="VIOLENCE", severity=4,
        queue="violence", review=ReviewTerms(3600, Fallback.BLOCK) if decision == "review" else None,
    )  # fmt: skip
    return Change(ID, revision, Decision(decision), Source.REJUDGE, judgement=judgement, from_digest=from_digest)
