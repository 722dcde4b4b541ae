"""The sweep over moto's table, bucket, queue and Step Functions, at a time that a test sets."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from ulid import ULID

from functions.records.entries import due_entry, status_selector
from functions.shared.clock import iso
from functions.shared.keys import RECORD_SORT_KEY, event_sort_key, original_key, record_partition
from functions.shared.status import Status
from functions.sweep.settings import SweepSettings
from functions.sweep.stuck_images import StuckImages
from tests.fakes.aws import ENVIRONMENT, ORIGINALS, TABLE, new_client
from tests.fakes.uploads_queue import UploadsQueue

ROLE = "arn:aws:iam::123456789012:role/machine"
WAITS = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 9999, "End": True}}}


@dataclass
class Stage:
    """What the sweep looks at. ``later`` is how much later than now it runs."""

    aws: object
    states: object
    sqs: object
    uploads: UploadsQueue
    machines: dict[str, str]
    later: timedelta = field(default_factory=lambda: timedelta(hours=2))

    @property
    def queue(self):
        """The queue's URL."""
        return self.uploads.url

    def sweep(self, *, has_time=lambda: True):
        """Sweep once."""
        settings = SweepSettings(
            TABLE, ORIGINALS, self.queue, *(self.machines[name] for name in ("ingest", "settle", "review"))
        )
        images = StuckImages(
            settings, dynamodb=self.aws.dynamodb, s3=self.aws.s3, sqs=self.sqs, stepfunctions=self.states,
            now=lambda: datetime.now(UTC) + self.later,
        )  # fmt: skip
        return images.repair(has_time=has_time)

    def upload(self, image_id=None, *, body=b"first"):
        """Store an original; return its image's id."""
        image_id = image_id or str(ULID())
        self.aws.s3.put_object(Bucket=ORIGINALS, Key=original_key(image_id), Body=body)
        return image_id

    def record(self, image_id, status, **more):
        """Write the record of an image that was created long ago and changed now."""
        now = iso(datetime.now(UTC))
        self.aws.put_item(
            {"pk": record_partition(image_id), "sk": RECORD_SORT_KEY, "image_id": image_id, "status": status,
             "selector": status_selector(status), "position": f"default#{image_id}", "listing_day": "2020-01-01",
             "created_at": "2020-01-01T09:00:00.000Z", "updated_at": now, "claimed_at": now, **more}
        )  # fmt: skip

    def due(self, image_id, at=None):
        """Write a history item that something follows, at a time or now."""
        at = at or iso(datetime.now(UTC))
        self.aws.put_item(
            {"pk": record_partition(image_id), "sk": event_sort_key(at, "DUE"), **due_entry(image_id, at)}
        )

    def claimed(self, status, **more):
        """Write a record that claims an upload and names its execution; return the image's id and the execution."""
        image_id = str(ULID())
        execution = f"{self.machines['ingest'].replace(':stateMachine:', ':execution:')}:{image_id}"
        self.record(
            image_id, status,
            **{"claimed_by": execution, "claimed_etag": "e" * 32, "claimed_version": "v1", "claimed_size": 7,
               "sequencer": "00AA", **more},
        )  # fmt: skip
        return image_id, execution

    def execution(self, image_id):
        """Start an execution of `ingest` for an image, which runs until it is stopped."""
        event = {"detail": {"object": {"key": original_key(image_id)}}}
        return self.states.start_execution(
            stateMachineArn=self.machines["ingest"], name=image_id, input=json.dumps(event)
        )["executionArn"]

    def settled(self):
        """Return the details that `settle` was started with."""
        return [document["detail"] for document in self.inputs("settle")]

    def inputs(self, machine):
        """Return the inputs that a state machine was started with."""
        pages = self.states.get_paginator("list_executions").paginate(stateMachineArn=self.machines[machine])
        return [
            json.loads(self.states.describe_execution(executionArn=each["executionArn"])["input"])
            for page in pages
            for each in page["executions"]
        ]

    def reviewed(self, *, due_in_minutes, status=Status.IN_REVIEW, **more):
        """Write the record of an image whose review is due so many minutes after now; return the image's id."""
        image_id = str(ULID())
        due_at = (datetime.now(UTC) + timedelta(minutes=due_in_minutes)).isoformat()
        self.record(
            image_id, status,
            **{"selector": status_selector(Status.IN_REVIEW), "revision": 1,
               "review": {"fallback": "BLUR", "due_at": due_at}, **more},
        )  # fmt: skip
        return image_id

    def enqueued(self):
        """Take the messages from the queue."""
        return self.uploads.take()


@pytest.fixture(scope="session")
def states():
    return new_client("stepfunctions")


@pytest.fixture(scope="session")
def sqs():
    return new_client("sqs")


@pytest.fixture
def stage(aws, states, sqs):
    aws.s3.put_bucket_versioning(Bucket=ORIGINALS, VersioningConfiguration={"Status": "Enabled"})
    machines = {
        name: states.create_state_machine(name=name, definition=json.dumps(WAITS), roleArn=ROLE)["stateMachineArn"]
        for name in ("ingest", "settle", "review")
    }
    assert machines["ingest"] == ENVIRONMENT["INGEST_STATE_MACHINE_ARN"]
    return Stage(aws, states, sqs, UploadsQueue(sqs), machines)
