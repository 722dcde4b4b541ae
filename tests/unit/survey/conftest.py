"""Rejudgements over moto's table and bucket: the states of `rejudge` in turn, with the real functions."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from ulid import ULID

from functions.policy.policy import Policy
from functions.policy.store import PolicyStore
from functions.records.changes import ChangeWriter
from functions.records.reader import RecordReader
from functions.shared.dynamo import to_item
from functions.shared.events import EventPublisher
from functions.shared.executions import Executions
from functions.shared.object_store import S3ObjectStore
from functions.shared.rejudgements import Mode, Rejudgement
from functions.shared.retirement import Retirement
from functions.shared.uploads_queue import UploadsQueue
from functions.survey.library import Library
from functions.survey.requests import SurveyRequest
from functions.survey.surveying import Survey
from functions.verdicts.changes import VerdictChanges
from functions.verdicts.requests import DecideRequest, decide
from tests import library
from tests.fakes.aws import EVENT_BUS, GENERATED, ORIGINALS, REPORTS, TABLE, new_client
from tests.fakes.machines import Machine


@dataclass
class Stage:
    """A stage with stored images and policies."""

    aws: Any
    images: list[library.Stored] = field(default_factory=list)
    records_per_call: int = 40

    def __post_init__(self) -> None:
        dynamodb, s3, sqs = self.aws.dynamodb, self.aws.s3, new_client("sqs")
        self.retire = Machine("retire")
        self.queue = sqs.create_queue(QueueName="uploads")["QueueUrl"]
        self.sqs = sqs
        self.policies = PolicyStore(TABLE, dynamodb)
        self.survey = Survey(
            Library(TABLE, dynamodb), self.policies, S3ObjectStore(s3), REPORTS, records_per_call=self.records_per_call
        )
        self.changes = VerdictChanges(
            reader=RecordReader(TABLE, dynamodb),
            writer=ChangeWriter(TABLE, dynamodb),
            store=S3ObjectStore(s3),
            events=EventPublisher(EVENT_BUS, self.aws.events),
            queue=UploadsQueue(self.queue, sqs),
            retirement=Retirement(Executions(new_client("stepfunctions")), self.retire.arn),
            generated_bucket=GENERATED,
            originals_bucket=ORIGINALS,
        )

    def fill(self, count: int, **options: Any) -> list[library.Stored]:
        """Store a library and the policies of tests/library.py."""
        self.images = library.stored_images(count, **options)
        library.write(self.aws.dynamodb, TABLE, self.images)
        for each in (library.BEFORE, library.AFTER, library.STRICTER):
            self.policies.put("default", "default", each)
        self.activate(library.AFTER)
        return self.images

    def asked(self, mode: Mode = Mode.APPLY, **options: Any) -> Rejudgement:
        """Return a rejudgement by the policy AFTER."""
        new_id = str(ULID())
        usual = Rejudgement(new_id, new_id, mode, "default", "default", library.AFTER.digest)
        return replace(usual, **options)

    def activate(self, policy: Policy, name: str = "default") -> None:
        """Make a policy active, or the floor of all policies."""
        self.policies.put("default", name, policy)
        self.policies.record_check("default", name, policy.digest, [])
        pointer, _ = self.policies.pointers("default", name)
        number = pointer.number if pointer else 0
        self.policies.activate("default", name, policy.digest, number=number, actor="test")

    def call(self, operation: str, rejudgement: Rejudgement, **members: Any) -> dict[str, Any]:
        """Call `survey` as a state does."""
        document = {"operation": operation, "rejudgement": rejudgement.to_state(), **members}
        return self.survey.run(SurveyRequest.from_state(document))

    def run(self, rejudgement: Rejudgement) -> dict[str, Any]:
        """Run the states of `rejudge`, and return the report."""
        self.survey_days(rejudgement)
        summary = self.call("summarize", rejudgement)
        if summary["action"] == "apply":
            for direction in ("tighten", "relax"):
                self.apply(rejudgement, direction)
        self.call("report", rejudgement)
        return self.document(f"rejudgements/{rejudgement.id}/report.json")

    def survey_days(self, rejudgement: Rejudgement) -> None:
        """Judge the images of all days."""
        for day in self.call("plan", rejudgement)["days"]:
            answer = {"done": False, "after": ""}
            while not answer["done"]:
                answer = self.call("day", rejudgement, day=day, after=answer["after"])

    def apply(self, rejudgement: Rejudgement, direction: str) -> None:
        """Apply the parts of a direction."""
        for part in self.keys(f"manifests/{rejudgement.manifest}/{direction}/"):
            batch: dict[str, Any] = {"number": 0, "done": False}
            results: list[dict[str, Any]] = []
            while True:
                batch = self.call("batch", rejudgement, part=part, number=batch["number"], outcomes=results)
                if batch["done"]:
                    break
                decided = decide(DecideRequest.from_state({"changes": batch["changes"]}), self.changes)
                results = decided.to_state()["results"]

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys of the reports bucket."""
        return S3ObjectStore(self.aws.s3).keys(REPORTS, prefix)

    def contents(self, prefix: str) -> dict[str, bytes]:
        """Return the objects of the reports bucket by key."""
        store = S3ObjectStore(self.aws.s3)
        return {key: store.get(REPORTS, key).body for key in self.keys(prefix)}

    def document(self, key: str) -> Any:
        """Return an object of the reports bucket."""
        return json.loads(self.aws.s3.get_object(Bucket=REPORTS, Key=key)["Body"].read())

    def record(self, image_id: str) -> dict[str, Any]:
        """Return a record."""
        return self.aws.items(f"IMAGE#{image_id}")["RECORD"]

    def records(self) -> dict[str, dict[str, Any]]:
        """Return the records of all images by id."""
        return {image.image_id: self.record(image.image_id) for image in self.images}

    def change(self, image_id: str, **attributes: Any) -> None:
        """Write attributes of a record."""
        names = {f"#{name}": name for name in attributes}
        self.aws.dynamodb.update_item(
            TableName=TABLE,
            Key=to_item({"pk": f"IMAGE#{image_id}", "sk": "RECORD"}),
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=to_item({f":{name}": value for name, value in attributes.items()}),
        )


@pytest.fixture
def stage(aws):
    return Stage(aws)
