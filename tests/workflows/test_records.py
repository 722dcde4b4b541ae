"""What the state machines themselves write: claims, refusals and failures, in the engine's own DynamoDB.

The functions are mocked, the table and the event bus are real. Each test runs on the emulator and on moto.
"""

import json
import re
import uuid
from pathlib import Path

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from functions.shared.contracts import Status
from functions.shared.keys import is_image_id
from tests.workflows.cases import EMULATOR, MOTO
from tests.workflows.engines import EVENT_BUS, TABLE, execution_name

EVENTS = Path(__file__).parents[1] / "events"
OLDER, CLAIMED, NEWER = "0067432F1A2B3C4D5D", "0067432F1A2B3C4D5E", "0067432F1A2B3C4D5F"
ORIGINALS = "image-scaler-originals"
"""The bucket of the recorded events."""
SOMEBODY_ELSE = "arn:aws:states:us-east-1:123456789012:execution:ingest:somebody-else"
STATUSES = [str(status) for status in Status]
CLAIMED_BY_A_NEWER_UPLOAD = {"AWAITING_UPLOAD", "PROCESSING", "HELD", "FAILED", "REJECTED"}
CLAIMED_WHEN_RESUMED = {"HELD", "FAILED"}
CLAIMED_WHEN_REWORKED = {"PUBLISHED", "BLURRED", "BLOCKED"}
JUDGED = ("PUBLISHED", "BLURRED", "BLOCKED", "IN_REVIEW")


class World:
    """A table and an event bus on one engine, and the record of one image."""

    def __init__(self, deployment):
        self.deployment = deployment
        self.image_id = f"01JDFZ{uuid.uuid4().hex[:20].upper()}"
        self.key = f"uploads/{self.image_id}/original"
        self._dynamodb = deployment.client("dynamodb")
        self._s3 = deployment.client("s3")

    def put_original(self, body):
        """Write a version of the image's original; return its id."""
        return self._s3.put_object(Bucket=ORIGINALS, Key=self.key, Body=body)["VersionId"]

    @property
    def originals(self):
        """Everything that is left of the original, the current version first."""
        answer = self._s3.list_object_versions(Bucket=ORIGINALS, Prefix=self.key)
        versions = sorted(answer.get("Versions", ()), key=lambda version: not version["IsLatest"])
        return [self._body(version["VersionId"]) for version in versions]

    @property
    def current_original(self):
        """What a reader finds at the original's key; None when there is nothing."""
        listed = self._s3.list_objects_v2(Bucket=ORIGINALS, Prefix=self.key)
        return self._body() if listed["KeyCount"] else None

    def _body(self, version=None):
        versions = {"VersionId": version} if version else {}
        return self._s3.get_object(Bucket=ORIGINALS, Key=self.key, **versions)["Body"].read()

    def write(self, **attributes):
        """Write the record as it stands before the execution."""
        serialize = TypeSerializer().serialize
        item = {"pk": f"IMAGE#{self.image_id}", "sk": "RECORD", "image_id": self.image_id, **attributes}
        self._dynamodb.put_item(TableName=TABLE, Item={name: serialize(value) for name, value in item.items()})
        return item

    def claimed(self, status, **attributes):
        """Write the record of an image that another execution has claimed."""
        return self.write(
            status=status, claimed_by=SOMEBODY_ELSE, sequencer=CLAIMED, last_revision=3,
            created_at="2026-11-23T10:00:00Z", updated_at="2026-11-23T10:00:00Z", listing_day="2026-11-23",
            **attributes,
        )  # fmt: skip

    def upload(self, case="FunctionsPublish", *, sequencer=CLAIMED, version=None, name=None, **flags):
        """Run ingest on an upload of this image, with ``flags`` in its input; the functions answer as ``case`` says."""
        event = json.loads((EVENTS / "s3" / "put-without-version.json").read_text(encoding="utf-8"))
        event["detail"]["object"] |= {"key": self.key, "sequencer": sequencer}
        if version:
            event["detail"]["object"]["version-id"] = version
        name = name or execution_name(case)
        return self.deployment.run("ingest", event | flags, case=case, name=name), self.arn("ingest", name)

    def settle(self, execution_arn, *, event="timed-out"):
        """Run settle on the news that an execution which worked on this image ended badly."""
        document = json.loads((EVENTS / "stepfunctions" / f"{event}.json").read_text(encoding="utf-8"))
        started_with = json.loads(document["detail"]["input"])
        started_with["detail"]["object"]["key"] = f"uploads/{self.image_id}/original"
        document["detail"] |= {"executionArn": execution_arn, "input": json.dumps(started_with)}
        return self.deployment.run("settle", document)

    def arn(self, machine, name):
        return self.deployment.execution_arn(machine, name)

    def items(self):
        """Return everything in the image's partition by sort key."""
        answer = self._dynamodb.query(
            TableName=TABLE,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"IMAGE#{self.image_id}"}},
            ConsistentRead=True,
        )
        deserialize = TypeDeserializer().deserialize
        items = [{name: deserialize(value) for name, value in item.items()} for item in answer["Items"]]
        return {item["sk"]: item for item in items}

    @property
    def record(self):
        return self.items().get("RECORD")

    @property
    def history(self):
        return [item for sort_key, item in sorted(self.items().items()) if sort_key != "RECORD"]


@pytest.fixture(scope="module", params=[EMULATOR, MOTO])
def deployment(request, open_engine):
    """An engine with the table and the event bus; each test has an image of its own on it."""
    with open_engine(request.param) as deployment:
        deployment.create_table_and_bus()
        s3 = deployment.client("s3")
        s3.create_bucket(Bucket=ORIGINALS)
        s3.put_bucket_versioning(Bucket=ORIGINALS, VersioningConfiguration={"Status": "Enabled"})
        yield deployment
        deployment.client("events").delete_event_bus(Name=EVENT_BUS)
        deployment.client("dynamodb").delete_table(TableName=TABLE)


@pytest.fixture
def world(deployment):
    return World(deployment)


# --- claiming ---------------------------------------------------------------------------------------------


def test_an_upload_without_a_record_is_claimed_and_gets_one(world):
    assert is_image_id(world.image_id)

    run, arn = world.upload()

    assert run.status == "SUCCEEDED"
    record = world.record
    now = record["claimed_at"]
    assert re.match(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+", now)
    assert record == {
        "pk": f"IMAGE#{world.image_id}", "sk": "RECORD", "image_id": world.image_id, "status": "PROCESSING",
        "tenant": "default", "claimed_by": arn, "claimed_at": now, "created_at": now, "updated_at": now,
        "listing_day": now[:10], "sequencer": CLAIMED, "last_revision": 1,
    }  # fmt: skip
    assert world.history == []


def test_an_awaited_upload_is_claimed_and_keeps_what_was_written_with_the_ticket(world):
    before = world.write(
        status="AWAITING_UPLOAD", tenant="acme", owner="ann", filename="a b.jpg", content_type="image/jpeg",
        created_at="2026-11-23T23:59:59.000Z", listing_day="2026-11-23", updated_at="2026-11-23T23:59:59.000Z",
        expires_at=1795521600,
    )  # fmt: skip

    _, arn = world.upload()

    record = world.record
    assert record["claimed_by"] == arn
    assert record["status"] == "PROCESSING"
    assert "expires_at" not in record
    for kept in ("tenant", "owner", "filename", "content_type", "created_at", "listing_day"):
        assert record[kept] == before[kept]


@pytest.mark.parametrize("status", STATUSES)
def test_the_same_event_again_changes_nothing_at_all_and_calls_no_function(world, status):
    before = world.claimed(status)

    run, _ = world.upload(sequencer=CLAIMED)

    assert run.path[-1] == "DuplicateUpload"
    assert "OptimizeImage" not in run.path
    assert world.items() == {"RECORD": before}


@pytest.mark.parametrize("status", STATUSES)
def test_an_older_event_never_claims_and_is_noted(world, status):
    before = world.claimed(status)

    run, arn = world.upload(sequencer=OLDER)

    assert run.path[-2:] == ("NoteSecondUpload", "DuplicateUpload")
    assert "OptimizeImage" not in run.path
    assert world.record == before
    (note,) = world.history
    assert (note["type"], note["sequencer"], note["execution_arn"]) == ("SECOND_UPLOAD", OLDER, arn)
    assert note["sk"] == f"EVENT#{note['at']}#SECOND_UPLOAD"


@pytest.mark.parametrize("status", STATUSES)
def test_a_newer_event_claims_until_a_verdict_is_written(world, status):
    before = world.claimed(status, reason="CORRUPT", detail="The file ends early.", error={"error": "E", "cause": "C"})

    run, arn = world.upload(sequencer=NEWER)

    if status in CLAIMED_BY_A_NEWER_UPLOAD:
        record = world.record
        assert (record["claimed_by"], record["sequencer"], record["last_revision"]) == (arn, NEWER, 4)
        assert record["status"] == "PROCESSING"
        assert record.keys().isdisjoint({"reason", "detail", "error"})
        assert record["created_at"] == before["created_at"]
        assert world.history == []
    else:
        assert run.path[-1] == "DuplicateUpload"
        assert world.record == before
        assert [note["type"] for note in world.history] == ["SECOND_UPLOAD"]


@pytest.mark.parametrize("status", STATUSES)
def test_only_what_was_held_or_failed_is_resumed(world, status):
    before = world.claimed(status, error={"error": "E", "cause": "C"})

    _, arn = world.upload(sequencer=CLAIMED, resume=True)

    if status in CLAIMED_WHEN_RESUMED:
        record = world.record
        assert (record["claimed_by"], record["status"], record["last_revision"]) == (arn, "PROCESSING", 4)
        assert "error" not in record
    else:
        assert world.items() == {"RECORD": before}


@pytest.mark.parametrize("status", STATUSES)
def test_only_what_was_judged_is_reworked(world, status):
    before = world.claimed(status)

    _, arn = world.upload(sequencer=CLAIMED, rework=True)

    if status in CLAIMED_WHEN_REWORKED:
        record = world.record
        assert (record["claimed_by"], record["status"], record["last_revision"]) == (arn, "PROCESSING", 4)
    else:
        assert world.items() == {"RECORD": before}


@pytest.mark.parametrize("flags", [{}, {"resume": False}, {"resume": True}, {"rework": True}])
def test_an_image_removed_before_its_upload_came_is_never_claimed(world, flags):
    before = world.write(status="REMOVED", removed_at="2026-11-23T10:00:00Z")

    run, _ = world.upload(**flags)

    assert run.path[-1] == "DuplicateUpload"
    assert world.record == before


def test_a_claim_repeated_after_its_answer_got_lost_succeeds(world):
    name = execution_name("FunctionsPublish")
    world.write(
        status="PROCESSING", claimed_by=world.arn("ingest", name), sequencer=CLAIMED, last_revision=1,
        created_at="2026-11-23T10:00:00Z", listing_day="2026-11-23",
    )  # fmt: skip

    run, arn = world.upload(name=name)

    assert run.path[-1] == "ImagePersisted"
    assert world.record["claimed_by"] == arn


def test_an_empty_record_is_no_claim(world):
    world.write()

    _, arn = world.upload()

    assert world.record["claimed_by"] == arn


# --- uploads that come too late ---------------------------------------------------------------------------


def test_of_an_upload_after_a_removal_nothing_is_left(world):
    before = world.write(status="REMOVED", removed_at="2026-11-23T10:00:00Z")
    version = world.put_original(b"late")

    run, _ = world.upload(version=version)

    assert run.path[-3:] == ("DiscardVersion", "NoteSecondUpload", "DuplicateUpload")
    assert world.originals == []
    assert world.record == before


def test_an_event_without_a_version_hides_the_upload_after_a_removal(world):
    world.write(status="REMOVED", removed_at="2026-11-23T10:00:00Z")
    world.put_original(b"late")

    world.upload()

    assert world.current_original is None


@pytest.mark.parametrize("status", JUDGED)
def test_an_upload_after_the_verdict_does_not_replace_the_original(world, status):
    before = world.claimed(status)
    world.put_original(b"judged")
    version = world.put_original(b"swapped")

    runs = [world.upload(version=version, sequencer=NEWER)[0] for _ in range(2)]  # the event may come twice

    assert [run.path[-1] for run in runs] == ["DuplicateUpload"] * 2
    assert world.originals == [b"judged"]
    assert world.current_original == b"judged"
    assert world.record == before
    assert {note["type"] for note in world.history} == {"SECOND_UPLOAD"}


def test_after_the_verdict_an_event_without_a_version_deletes_nothing(world):
    world.claimed("PUBLISHED")
    world.put_original(b"judged")

    run, _ = world.upload(sequencer=NEWER)

    assert run.path[-2:] == ("NoteSecondUpload", "DuplicateUpload")
    assert world.originals == [b"judged"]


@pytest.mark.parametrize("status", STATUSES)
def test_the_event_of_the_claim_itself_deletes_nothing_when_it_comes_again(world, status):
    world.claimed(status)
    version = world.put_original(b"judged")

    world.upload(sequencer=CLAIMED, version=version)

    assert world.originals == [b"judged"]


@pytest.mark.parametrize("status", ["AWAITING_UPLOAD", "PROCESSING", "HELD", "FAILED", "REJECTED"])
def test_an_older_event_before_the_verdict_deletes_nothing(world, status):
    world.claimed(status)
    version = world.put_original(b"older")
    world.put_original(b"newer")

    world.upload(sequencer=OLDER, version=version)

    assert world.originals == [b"newer", b"older"]


# --- refusals and failures --------------------------------------------------------------------------------


def test_a_refused_upload_is_recorded_with_reason_and_sentence(world):
    run, arn = world.upload("FunctionsReject")

    assert run.path[-1] == "UploadRejected"
    record = world.record
    (event,) = world.history
    assert (record["status"], record["reason"], record["claimed_by"]) == ("REJECTED", "CORRUPT", arn)
    assert record["detail"] == event["detail"] == "The file ends before the picture does."
    assert (event["type"], event["reason"], event["execution_arn"]) == ("REJECTED", "CORRUPT", arn)
    assert record["updated_at"] == event["at"]


@pytest.mark.parametrize(("case", "status"), [("FunctionsHold", "HELD"), ("FunctionsFail", "FAILED")])
def test_a_failure_is_recorded_with_error_and_cause_and_the_run_fails_with_the_same(world, case, status):
    run, arn = world.upload(case)

    cause = "ContractError, as the mock file says"
    assert (run.status, run.error, run.cause) == ("FAILED", "ContractError", cause)
    record = world.record
    (event,) = world.history
    assert (record["status"], record["claimed_by"]) == (status, arn)
    assert record["error"] == {"error": "ContractError", "cause": cause}
    assert (event["type"], event["error"], event["execution_arn"]) == (status, "ContractError", arn)


def test_a_failure_before_the_claim_leaves_a_record_that_can_be_resumed(world):
    run, arn = world.upload("ClaimNeverAnswered")

    assert run.status == "FAILED"
    record = world.record
    assert (record["status"], record["claimed_by"], record["sequencer"]) == ("FAILED", arn, CLAIMED)
    assert record["tenant"] == "default"
    _, later = world.upload(resume=True)
    assert (world.record["status"], world.record["claimed_by"]) == ("PROCESSING", later)


def test_an_overwritten_original_that_nobody_took_over_is_recorded_as_failed(world):
    run, arn = world.upload("FunctionsFindItOverwritten")

    assert (run.status, run.error) == ("FAILED", "ObjectChangedError")
    record = world.record
    assert (record["status"], record["claimed_by"], record["error"]["error"]) == ("FAILED", arn, "ObjectChangedError")
    assert [event["type"] for event in world.history] == ["FAILED"]
    _, newer = world.upload(sequencer=NEWER)
    assert (world.record["status"], world.record["claimed_by"]) == ("PROCESSING", newer)


def test_an_upload_that_cannot_claim_what_another_one_works_on_fails_and_can_be_started_again(world):
    before = world.claimed("PROCESSING")

    run, _ = world.upload("ClaimNeverAnswered", sequencer=NEWER)

    assert run.status == "FAILED"
    assert world.items() == {"RECORD": before}
    _, again = world.upload(sequencer=NEWER)
    assert world.record["claimed_by"] == again


@pytest.mark.parametrize("case", ["ClaimedThenReject", "ClaimedThenFail", "ClaimedThenOverwritten"])
@pytest.mark.parametrize(
    "since_the_claim",
    [
        {"status": "REMOVED", "claimed_by": "me"},
        {"status": "PROCESSING", "claimed_by": SOMEBODY_ELSE},
        {"status": "PUBLISHED", "claimed_by": SOMEBODY_ELSE},
        {"status": "REMOVED"},
    ],
    ids=["removed", "taken-over", "taken-over-and-published", "removed-and-forgotten"],
)
def test_a_run_that_lost_its_image_ends_quietly_and_leaves_the_record_alone(world, case, since_the_claim):
    name = execution_name(case)
    mine = {"claimed_by": world.arn("ingest", name)} if since_the_claim.get("claimed_by") == "me" else {}
    before = world.write(**{**since_the_claim, **mine})

    run, _ = world.upload(case, name=name)

    assert run.status == "SUCCEEDED"
    assert run.path[-1] == "UploadSuperseded"
    assert world.items() == {"RECORD": before}


# --- settling ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["timed-out", "aborted", "failed"])
def test_what_an_execution_left_in_processing_is_settled_as_failed(world, event):
    world.claimed("PROCESSING")
    status = json.loads((EVENTS / "stepfunctions" / f"{event}.json").read_text(encoding="utf-8"))["detail"]["status"]

    run = world.settle(SOMEBODY_ELSE, event=event)

    assert run.path[-1] == "RecordSettled"
    record = world.record
    assert record["status"] == "FAILED"
    assert record["error"]["error"] == f"Execution.{status}"
    (note,) = world.history
    assert (note["type"], note["execution_arn"]) == ("FAILED", SOMEBODY_ELSE)


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "PROCESSING"])
def test_an_ending_that_was_written_is_left_as_it_is(world, status):
    before = world.claimed(status)

    run = world.settle(SOMEBODY_ELSE)

    assert (run.status, run.path[-1]) == ("SUCCEEDED", "AlreadySettled")
    assert world.items() == {"RECORD": before}


def test_an_image_that_another_execution_works_on_is_not_settled(world):
    before = world.claimed("PROCESSING")

    run = world.settle(world.arn("ingest", "an-earlier-one"))

    assert (run.status, run.path[-1]) == ("SUCCEEDED", "AlreadySettled")
    assert world.items() == {"RECORD": before}


def test_an_execution_that_claimed_nothing_leaves_no_record_behind(world):
    run = world.settle(SOMEBODY_ELSE)

    assert run.path[-1] == "AlreadySettled"
    assert world.items() == {}
