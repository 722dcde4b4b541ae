"""What the state machines themselves write: claims, endings, removals, in the engine's own DynamoDB.

The functions are mocked, the table and the event bus are real. Each test runs on the emulator and on moto.
"""

import json
import re
import uuid
from pathlib import Path

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from functions.records.entries import due_selector
from functions.shared.keys import is_ulid
from functions.shared.status import Status
from functions.shared.upload_events import ingest_input
from tests.fakes.published_events import checked
from tests.workflows.cases import EMULATOR, MOTO
from tests.workflows.engines import EVENT_BUS, TABLE, execution_name

EVENTS = Path(__file__).parents[1] / "events"
OLDER, CLAIMED, NEWER = "0067432F1A2B3C4D5D", "0067432F1A2B3C4D5E", "0067432F1A2B3C4D5F"
ETAG, VERSION = "9b2cf535f27731c974343645a3985328", "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"
"""The upload of the recorded events."""
SOMEBODY_ELSE = "arn:aws:states:us-east-1:123456789012:execution:ingest:somebody-else"
STATUSES = [str(status) for status in Status]
CLAIMED_WHEN_RESUMED = {"HELD", "FAILED"}
CLAIMED_WHEN_REWORKED = {"PUBLISHED", "BLURRED", "IN_REVIEW", "BLOCKED"}


class World:
    """A table and an event bus on one engine, and the record of one image."""

    def __init__(self, deployment, queue):
        self.deployment, self.queue, self.heard = deployment, queue, []
        self.image_id = f"01JDFZ{uuid.uuid4().hex[:20].upper()}"
        self.key = f"uploads/{self.image_id}/original"
        self._dynamodb = deployment.client("dynamodb")

    def write(self, **attributes):
        """Write the record as it is before the execution."""
        serialize = TypeSerializer().serialize
        item = {"pk": f"IMAGE#{self.image_id}", "sk": "RECORD", "image_id": self.image_id, **attributes}
        self._dynamodb.put_item(TableName=TABLE, Item={name: serialize(value) for name, value in item.items()})
        return item

    def claimed(self, status, **attributes):
        """Write the record of an image that another execution has claimed."""
        return self.write(
            status=status, tenant="acme", claimed_by=SOMEBODY_ELSE, sequencer=CLAIMED, last_revision=3,
            created_at="2026-11-23T10:00:00Z", updated_at="2026-11-23T10:00:00Z", listing_day="2026-11-23",
            **attributes,
        )  # fmt: skip

    def upload(self, case="FunctionsPublish", *, sequencer=CLAIMED, version=None, name=None, **flags):
        """Run ingest on an upload of this image, with ``flags`` in its input; the functions respond as in ``case``."""
        event = json.loads((EVENTS / "s3" / "put-without-version.json").read_text(encoding="utf-8"))
        event["detail"]["object"] |= {"key": self.key, "sequencer": sequencer}
        if version:
            event["detail"]["object"]["version-id"] = version
        name = name or execution_name(case)
        return self.deployment.run("ingest", ingest_input(event | flags), case=case, name=name), self.arn(
            "ingest", name
        )

    def settle(self, execution_arn, *, event="timed-out", case="Settles"):
        """Run settle on the news that an execution which worked on this image ended badly."""
        document = json.loads((EVENTS / "stepfunctions" / f"{event}.json").read_text(encoding="utf-8"))
        started_with = json.loads(document["detail"]["input"])
        started_with["detail"]["object"]["key"] = f"uploads/{self.image_id}/original"
        document["detail"] |= {"executionArn": execution_arn, "input": json.dumps(started_with)}
        return self.deployment.run("settle", document, case=case)

    def remove(self, case="Removes", *, name=None):
        """Run remove on this image; the function sweeps as ``case`` says."""
        return self.deployment.run("remove", {"image_id": self.image_id}, case=case, name=name)

    def retire(self):
        """Run retire on this image; the function sweeps."""
        return self.deployment.run("retire", {"image_id": self.image_id}, case="Retires")

    def announced(self):
        """Return the events about this image so far: their types and details, but for the id."""
        while messages := self._receive():
            self.heard.extend(checked([json.loads(message["Body"]) for message in messages]))
        mine = [event for event in self.heard if event["detail"]["image_id"] == self.image_id]
        return [
            (event["detail-type"], {name: value for name, value in event["detail"].items() if name != "image_id"})
            for event in mine
        ]

    def _receive(self):
        sqs = self.deployment.client("sqs")
        messages = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return messages

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
    """An engine with the table and the event bus; each test has its own image."""
    with open_engine(request.param) as deployment:
        deployment.create_table_and_bus()
        yield deployment
        deployment.client("dynamodb").delete_table(TableName=TABLE)


@pytest.fixture(scope="module")
def queue(deployment):
    """A queue that gets every event on the bus."""
    sqs, events = deployment.client("sqs"), deployment.client("events")
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="heard", EventBusName=EVENT_BUS, EventPattern=json.dumps({"source": ["image-scaler"]}))
    events.put_targets(Rule="heard", EventBusName=EVENT_BUS, Targets=[{"Id": "queue", "Arn": arn}])
    yield queue
    events.remove_targets(Rule="heard", EventBusName=EVENT_BUS, Ids=["queue"])
    events.delete_rule(Name="heard", EventBusName=EVENT_BUS)
    events.delete_event_bus(Name=EVENT_BUS)
    sqs.delete_queue(QueueUrl=queue)


@pytest.fixture
def world(deployment, queue):
    return World(deployment, queue)


# --- claiming ---------------------------------------------------------------------------------------------


def test_an_upload_without_a_record_is_claimed_and_gets_one(world):
    assert is_ulid(world.image_id)

    run, arn = world.upload()

    assert run.status == "SUCCEEDED"
    record = world.record
    now = record["claimed_at"]
    assert re.match(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+", now)
    assert record == {
        "pk": f"IMAGE#{world.image_id}", "sk": "RECORD", "image_id": world.image_id, "status": "PROCESSING",
        "selector": "STATUS#PROCESSING", "position": f"default#{world.image_id}",
        "tenant": "default", "claimed_by": arn, "claimed_at": now, "created_at": now, "updated_at": now,
        "listing_day": now[:10], "sequencer": CLAIMED, "last_revision": 1, "claimed_etag": ETAG, "claimed_version": "",
        "claimed_size": 1_843_200,
    }  # fmt: skip
    assert world.history == []


def test_the_claimed_upload_is_known_by_its_version_where_the_event_names_one(world):
    world.upload(version=VERSION)

    assert (world.record["claimed_etag"], world.record["claimed_version"]) == (ETAG, VERSION)


def test_claiming_an_awaited_upload_keeps_the_fields_of_its_ticket(world):
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


@pytest.mark.parametrize("sequencer", [OLDER, NEWER], ids=["older", "newer"])
@pytest.mark.parametrize("status", STATUSES)
def test_another_upload_never_claims_is_discarded_and_counted(world, status, sequencer):
    before = world.claimed(status)

    run, arn = world.upload(sequencer=sequencer)

    assert run.path[-4:] == ("DiscardUploads", "AreUploadsDiscarded", "NoteSecondUpload", "DuplicateUpload")
    assert "OptimizeImage" not in run.path
    assert world.record == before
    (line,) = world.history
    now = line["at"]
    assert line == {
        "pk": f"IMAGE#{world.image_id}", "sk": "EVENT#SECOND_UPLOAD", "type": "SECOND_UPLOAD", "at": now,
        "first_at": now, "count": 1, "sequencer": sequencer, "execution_arn": arn,
    }  # fmt: skip


def test_uploads_that_are_not_claimed_share_one_line(world):
    world.claimed("PUBLISHED")

    world.upload(sequencer="0067432F1A2B3C4D60")
    (first,) = world.history
    for number in range(1, 5):
        world.upload(sequencer=f"0067432F1A2B3C4D6{number}")

    (line,) = world.history
    assert (line["count"], line["first_at"]) == (5, first["at"])
    assert line["at"] > line["first_at"]


def test_a_duplicate_event_is_counted_once(world):
    world.claimed("PUBLISHED")
    world.upload(sequencer=NEWER)
    (before,) = world.history

    run, _ = world.upload(sequencer=NEWER)

    assert run.path[-1] == "DuplicateUpload"
    assert world.history == [before]


def test_events_that_come_in_the_wrong_order_are_all_counted(world):
    world.claimed("PUBLISHED")

    for sequencer in (NEWER, OLDER):
        world.upload(sequencer=sequencer)

    assert [line["count"] for line in world.history] == [2]


@pytest.mark.parametrize("status", STATUSES)
def test_only_held_or_failed_images_are_resumed(world, status):
    before = world.claimed(status, error={"error": "E", "cause": "C"})

    _, arn = world.upload(sequencer=CLAIMED, resume=True)

    if status in CLAIMED_WHEN_RESUMED:
        record = world.record
        assert (record["claimed_by"], record["status"], record["last_revision"]) == (arn, "PROCESSING", 4)
        assert record.keys().isdisjoint({"reason", "detail", "error"})
        assert record["created_at"] == "2026-11-23T10:00:00Z"
    else:
        assert world.items() == {"RECORD": before}


@pytest.mark.parametrize("status", STATUSES)
def test_only_moderated_images_are_reworked(world, status):
    before = world.claimed(status)

    _, arn = world.upload(sequencer=CLAIMED, rework=True)

    if status in CLAIMED_WHEN_REWORKED:
        record = world.record
        assert (record["claimed_by"], record["status"], record["last_revision"]) == (arn, "PROCESSING", 4)
    else:
        assert world.items() == {"RECORD": before}


@pytest.mark.parametrize(("revisions", "claims"), [(99, True), (100, False)])
def test_an_image_is_processed_a_hundred_times_at_most(world, revisions, claims):
    before = world.claimed("FAILED") | {"last_revision": revisions}
    world.write(**{name: value for name, value in before.items() if name not in {"pk", "sk", "image_id"}})

    run, arn = world.upload(resume=True)

    if claims:
        assert (world.record["claimed_by"], world.record["last_revision"]) == (arn, 100)
    else:
        assert (run.status, run.error) == ("FAILED", "RevisionLimitError")
        assert "100 times" in run.cause
        assert world.items() == {"RECORD": before}


def test_the_hundredth_claim_repeated_after_its_answer_got_lost_succeeds(world):
    name = execution_name("FunctionsPublish")
    world.write(status="PROCESSING", claimed_by=world.arn("ingest", name), sequencer=CLAIMED, last_revision=100)

    run, _ = world.upload(name=name)

    assert run.path[-1] == "PersistImage"


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

    assert run.path[-1] == "PersistImage"
    assert world.record["claimed_by"] == arn


def test_an_empty_record_is_no_claim(world):
    world.write()

    _, arn = world.upload()

    assert world.record["claimed_by"] == arn


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
    assert "unannounced" not in record
    assert (event["selector"], event["position"]) == (due_selector(event["at"]), world.image_id)


@pytest.mark.parametrize(
    ("case", "status"), [("FunctionsHold", "HELD"), ("FunctionsFail", "FAILED"), ("FunctionsReject", "REJECTED")]
)
def test_a_shown_picture_that_is_not_served_any_more_is_retired_before_its_event_is_forgotten(world, case, status):
    world.claimed("PUBLISHED", revision=3)

    run, _ = world.upload(case, rework=True)

    assert run.path[-4:-2] == ("RetireShownPicture", "ForgetAnnouncement")
    assert world.record["status"] == status
    assert "unannounced" not in world.record


def test_a_resumed_image_that_was_never_shown_is_not_retired(world):
    world.claimed("HELD")

    run, _ = world.upload("FunctionsHold", resume=True)

    assert "RetireShownPicture" not in run.path
    assert (world.record["status"], world.record["last_revision"]) == ("HELD", 4)


@pytest.mark.parametrize(
    ("case", "status"),
    [("FunctionsFailAndKeepFiles", "FAILED"), ("FunctionsRejectAndKeepFiles", "REJECTED"),
     ("FunctionsRejectUnretired", "REJECTED")],
)  # fmt: skip
def test_an_ending_before_its_last_step_notes_its_event_until_settle_has_done_the_rest(world, case, status):
    world.claimed("PUBLISHED", revision=3, unannounced="Image Published")

    run, arn = world.upload(case, rework=True)
    noted = world.record["unannounced"]
    settled = world.settle(arn, event="failed")

    assert (run.status, noted) == ("FAILED", f"Image {status.title()}")
    assert settled.path[-3:] == ("RetireShownPicture", "ForgetFailure", "RecordSettled")
    assert {kind for kind, _ in world.announced()} == {f"Image {status.title()}"}
    assert "unannounced" not in world.record


@pytest.mark.parametrize(("case", "status"), [("FunctionsHold", "HELD"), ("FunctionsFail", "FAILED")])
def test_a_failure_is_recorded_with_error_and_cause_and_the_run_fails_with_the_same(world, case, status):
    run, arn = world.upload(case)

    cause = "ContractError, as the mock file says"
    assert (run.status, run.error, run.cause) == ("FAILED", "ContractError", cause)
    record = world.record
    (event,) = world.history
    assert (record["status"], record["claimed_by"]) == (status, arn)
    assert record["error"] == {"error": "ContractError", "cause": cause}
    assert "unannounced" not in record
    assert (event["type"], event["error"], event["execution_arn"]) == (status, "ContractError", arn)
    assert (event["selector"], event["position"]) == (due_selector(event["at"]), world.image_id)


def test_a_failure_that_could_not_be_announced_says_so_until_settle_announces_it(world):
    run, arn = world.upload("FunctionsFailUnheard")
    unheard = world.record["unannounced"]

    settled = world.settle(arn, event="failed")

    assert (run.status, unheard) == ("FAILED", "Image Failed")
    assert "AnnounceFailure" in settled.path
    assert "unannounced" not in world.record
    again = world.settle(arn, event="failed")
    assert again.path[-4:] == ("DiscardFiles", "AreFilesDiscarded", "ForgetFailure", "RecordSettled")


def test_a_failure_before_the_claim_leaves_a_record_that_can_be_resumed(world):
    run, arn = world.upload("ClaimNeverAnswered")

    assert run.status == "FAILED"
    record = world.record
    assert (record["status"], record["claimed_by"], record["sequencer"]) == ("FAILED", arn, CLAIMED)
    assert record["tenant"] == "default"
    _, later = world.upload(resume=True)
    assert (world.record["status"], world.record["claimed_by"]) == ("PROCESSING", later)


def test_an_original_that_is_overwritten_again_and_again_is_recorded_as_failed(world):
    run, arn = world.upload("FunctionsFindItOverwritten")

    assert (run.status, run.error) == ("FAILED", "ObjectChangedError")
    record = world.record
    assert (record["status"], record["claimed_by"], record["error"]["error"]) == ("FAILED", arn, "ObjectChangedError")
    assert [event["type"] for event in world.history] == ["FAILED"]
    _, again = world.upload(resume=True)
    assert (world.record["status"], world.record["claimed_by"]) == ("PROCESSING", again)


def test_an_upload_that_cannot_claim_a_claimed_image_fails_and_can_be_restarted(world):
    before = world.claimed("PROCESSING")

    run, _ = world.upload("ClaimNeverAnswered", sequencer=NEWER)

    assert run.status == "FAILED"
    assert world.items() == {"RECORD": before}
    again, _ = world.upload(sequencer=NEWER)
    assert again.path[-1] == "DuplicateUpload"


@pytest.mark.parametrize("case", ["ClaimedThenReject", "ClaimedThenFail", "ClaimedThenOverwritten"])
@pytest.mark.parametrize(
    "since_the_claim",
    [
        {"status": "REMOVED", "claimed_by": "me"},
        {"status": "PROCESSING", "claimed_by": SOMEBODY_ELSE},
        {"status": "PUBLISHED", "claimed_by": SOMEBODY_ELSE},
        {"status": "REMOVED"},
        {"status": "BLOCKED", "claimed_by": "me", "revision": 2},
    ],
    ids=["removed", "taken-over", "taken-over-and-published", "removed-and-forgotten", "blocked"],
)
def test_a_run_that_lost_its_image_succeeds_without_changing_the_record(world, case, since_the_claim):
    name = execution_name(case)
    mine = {"claimed_by": world.arn("ingest", name)} if since_the_claim.get("claimed_by") == "me" else {}
    before = world.write(**{**since_the_claim, **mine})

    run, _ = world.upload(case, name=name)

    assert run.status == "SUCCEEDED"
    assert run.path[-1] == "UploadSuperseded"
    assert world.items() == {"RECORD": before}


# --- settling ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["timed-out", "aborted", "failed"])
def test_an_image_left_in_processing_is_settled_as_failed(world, event):
    world.claimed("PROCESSING")
    status = json.loads((EVENTS / "stepfunctions" / f"{event}.json").read_text(encoding="utf-8"))["detail"]["status"]

    run = world.settle(SOMEBODY_ELSE, event=event)

    assert run.path[-1] == "RecordSettled"
    record = world.record
    assert record["status"] == "FAILED"
    assert record["error"]["error"] == f"Execution.{status}"
    (note,) = world.history
    assert (note["type"], note["execution_arn"]) == ("FAILED", SOMEBODY_ELSE)
    assert (note["selector"], note["position"]) == (due_selector(note["at"]), world.image_id)


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "PROCESSING"])
def test_an_ending_that_was_written_is_left_as_it_is(world, status):
    before = world.claimed(status, revision=3, **({"reason": "CORRUPT"} if status == "REJECTED" else {}))

    run = world.settle(SOMEBODY_ELSE)

    assert (run.status, run.path[-1]) == ("SUCCEEDED", "RecordSettled")
    assert world.items() == {"RECORD": before}


@pytest.mark.parametrize(
    ("status", "announced"),
    [("PUBLISHED", "AnnounceVerdict"), ("BLURRED", "AnnounceVerdict"), ("BLOCKED", "AnnounceVerdict"),
     ("HELD", "AnnounceFailure"), ("FAILED", "AnnounceFailure")],
)  # fmt: skip
def test_an_ending_that_was_not_announced_is_announced_once(world, status, announced):
    before = world.claimed(status, revision=3, unannounced=f"Image {status.title()}")

    first, second = (world.settle(SOMEBODY_ELSE) for _ in range(2))

    assert announced in first.path
    assert announced not in second.path
    assert [kind for kind, _ in world.announced()] == [f"Image {status.title()}"]
    assert world.record == {name: value for name, value in before.items() if name != "unannounced"}


@pytest.mark.parametrize("status", ["PUBLISHED", "BLURRED", "BLOCKED"])
def test_a_verdict_whose_retirement_cannot_be_started_notes_its_event_until_settle_has_started_it(world, status):
    before = world.claimed(status, revision=3, unannounced=f"Image {status.title()}")

    failed = world.settle(SOMEBODY_ELSE, case="SettlesUnretired")
    noted = world.record
    settled = world.settle(SOMEBODY_ELSE)

    assert (failed.status, noted) == ("FAILED", before)
    assert settled.path[-3:] == ("StartRetirement", "ForgetVerdict", "RecordSettled")
    assert "unannounced" not in world.record


@pytest.mark.parametrize("owner", [{}, {"owner": "ann"}], ids=["nobody", "ann"])
@pytest.mark.parametrize(("status", "members"), [
    ("PUBLISHED", {"revision": 3}), ("IN_REVIEW", {"revision": 3}), ("FAILED", {}),
    ("REJECTED", {"reason": "CORRUPT"}),
])  # fmt: skip
def test_an_announced_ending_names_tenant_and_owner_and_the_revision_that_the_purge_looks_at(
    world, status, members, owner
):
    detail_type = f"Image {status.replace('_', ' ').title()}"
    world.claimed(status, revision=3, reason="CORRUPT", unannounced=detail_type, **owner)

    world.settle(SOMEBODY_ELSE)

    whose = {"tenant": "acme", "owner": owner.get("owner")}
    assert world.announced() == [(detail_type, {"status": status, **whose, **members})]


@pytest.mark.parametrize("owner", [{}, {"owner": "ann"}], ids=["nobody", "ann"])
@pytest.mark.parametrize(("case", "status"), [
    ("FunctionsHold", "HELD"), ("FunctionsFail", "FAILED"), ("FunctionsReject", "REJECTED"),
])  # fmt: skip
def test_an_execution_announces_its_own_ending_with_tenant_and_owner(world, case, status, owner):
    world.write(status="AWAITING_UPLOAD", tenant="acme", **owner)

    world.upload(case)

    ((detail_type, detail),) = world.announced()
    assert detail_type == f"Image {status.title()}"
    assert (detail["tenant"], detail["owner"]) == ("acme", owner.get("owner"))


def test_an_image_that_was_blocked_while_it_was_processed_stays_blocked(world):
    before = world.claimed("BLOCKED", revision=4)

    run = world.settle(SOMEBODY_ELSE)

    assert run.path[-1] == "RecordSettled"
    assert "StartRetirement" in run.path
    assert world.items() == {"RECORD": before}


def test_an_image_that_another_execution_works_on_is_not_settled(world):
    before = world.claimed("PROCESSING")

    run = world.settle(world.arn("ingest", "an-earlier-one"))

    assert (run.status, run.path[-1]) == ("SUCCEEDED", "RecordSettled")
    assert world.items() == {"RECORD": before}


def test_an_execution_that_claimed_nothing_leaves_no_record_behind(world):
    run = world.settle(SOMEBODY_ELSE)

    assert run.path[-1] == "AlreadySettled"
    assert world.items() == {}


# --- retiring


@pytest.mark.parametrize(("status", "owner"), [("PUBLISHED", {}), ("BLURRED", {"owner": "ann"})])
def test_a_retirement_sends_the_event_that_the_change_of_the_focal_point_did_not_send(world, status, owner):
    before = world.claimed(status, revision=4, unannounced=f"Image {status.title()}", **owner)

    for _ in range(2):
        assert world.retire().path[-1] == "Retired"

    announced = [event for event in world.announced() if event[0] != "Image Purge Requested"]
    whose = {"tenant": "acme", "owner": owner.get("owner")}
    assert announced == [(f"Image {status.title()}", {"status": status, "revision": 4, **whose})]
    assert world.record == {name: value for name, value in before.items() if name != "unannounced"}


def test_a_retirement_leaves_the_event_to_an_execution_that_processes_the_image(world):
    before = world.claimed("PROCESSING", revision=4, unannounced="Image Published")

    world.retire()

    assert {event for event, _ in world.announced()} == {"Image Purge Requested"}
    assert world.record == before


# --- removing

KEPT = {"status": "REMOVED", "tenant": "acme", "created_at": "2026-11-23T10:00:00Z", "listing_day": "2026-11-23"}
PERSONAL = {
    "filename": "a b.jpg", "owner": "ann", "content_type": "image/jpeg", "declared_size": 5, "picture": {"a": "b"},
    "verdict": {"decision": "allow"}, "error": {"error": "E"}, "detail": "The file ends early.", "revision": 2,
    "claimed_etag": ETAG, "claimed_size": 5, "claimed_version": VERSION, "unannounced": "Image Published",
    "retirement": {"error": "E"}, "policy": "strict", "override": {"decision": "allow"}, "review": {"fallback": "blur"},
    "pending": {"decision": "allow"},
}  # fmt: skip


@pytest.mark.parametrize("status", STATUSES)
def test_a_directly_started_removal_also_clears_personal_data(world, status):
    world.write(**KEPT | {"status": status}, **PERSONAL)

    run = world.remove()

    assert run.path[-1] == "ImageRemoved"
    record = world.record
    removal = record.pop("removal")
    assert record == {
        "pk": f"IMAGE#{world.image_id}", "sk": "RECORD", "image_id": world.image_id, **KEPT,
        "selector": "STATUS#REMOVED", "removed_at": removal["started_at"], "updated_at": removal["started_at"],
    } | {"removed_at": record["removed_at"], "updated_at": record["removed_at"]}  # fmt: skip
    assert removal.keys() == {"status", "started_at", "finished_at", "execution_arn"}
    assert removal["status"] == "DONE"
    assert removal["started_at"] <= record["removed_at"] <= removal["finished_at"]


def test_a_removal_keeps_the_time_of_its_delete_call(world):
    times = {"removed_at": "2026-11-23T11:00:00.000Z", "updated_at": "2026-11-23T11:00:00.000Z"}
    world.write(**KEPT, **times, removal={"status": "IN_PROGRESS", "started_at": times["removed_at"]})

    world.remove()

    assert {name: world.record[name] for name in times} == times


def test_an_image_under_a_legal_hold_is_not_removed(world):
    before = world.write(status="PUBLISHED", legal_hold=True)

    run = world.remove()

    assert (run.status, run.path[-1]) == ("SUCCEEDED", "RemovalRefused")
    assert world.items() == {"RECORD": before}


def test_a_removal_of_no_image_leaves_no_record_behind(world):
    run = world.remove()

    assert run.path[-1] == "RemovalRefused"
    assert world.items() == {}


def test_a_removal_is_announced_with_its_tenant(world):
    world.write(status="PUBLISHED", tenant="acme")

    world.remove()

    purges = [("Image Purge Requested", {"when": "now"})] * 2
    assert world.announced() == [*purges, ("Image Removed", {"status": "REMOVED", "tenant": "acme"})]


def test_a_second_removal_starts_over(world):
    world.write(**KEPT)

    world.remove()
    first = world.record["removal"]
    world.remove()

    assert world.record["removal"]["status"] == "DONE"
    assert world.record["removal"]["started_at"] > first["started_at"]
    assert world.record["removal"]["execution_arn"] != first["execution_arn"]
