"""Admit over moto's table and Step Functions, whose executions run until a test stops them."""

import json
from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ClientError

from functions.admit.admission import Admission, Upload
from functions.admit.settings import AdmitSettings
from functions.shared.keys import RECORD_SORT_KEY, record_partition
from functions.shared.status import Status
from functions.shared.upload_events import upload_event
from tests.fakes.aws import ENVIRONMENT, TABLE
from tests.fakes.clock import Clock

IMAGE = "01JDFZ8Q6W4T3R2Y1X0V9B8N7M"
MESSAGE = "059f36b4-87a3-44ab-83d2-661975830a7d"
NAME = f"{IMAGE}-{MESSAGE}"
MACHINE = ENVIRONMENT["INGEST_STATE_MACHINE_ARN"]
EXECUTION = f"{MACHINE.replace(':stateMachine:', ':execution:')}:{NAME}"
EVENT = upload_event(IMAGE, bucket="originals", etag="e" * 32, version="v1", size=7, sequencer="00AA")


def batch(event=EVENT, message_id=MESSAGE):
    """Return the event that Lambda passes: a batch of one message."""
    body = event if isinstance(event, str) else json.dumps(event)
    return {"Records": [{"messageId": message_id, "body": body}]}


@dataclass
class Stage:
    """The table, the state machine, and the clock that `admit` uses to wait."""

    aws: object
    stepfunctions: object
    clock: Clock = field(default_factory=Clock)
    calls: list[str] = field(default_factory=list)

    def admit(self, event=EVENT, *, seconds=570.0):
        """Admit a message with a time budget in seconds."""
        settings = AdmitSettings(TABLE, MACHINE)
        admission = Admission(settings, dynamodb=self.aws.dynamodb, stepfunctions=self.stepfunctions)
        return admission.admit(Upload.from_event(batch(event)), budget=self.clock.budget(seconds))

    def write(self, status, claimed_by=EXECUTION, **more):
        """Write the image's record."""
        key = {"pk": record_partition(IMAGE), "sk": RECORD_SORT_KEY}
        self.aws.put_item({**key, "status": status, "claimed_by": claimed_by, **more})

    def claim_and_end(self, *, at, status=Status.PUBLISHED):
        """Let the execution claim the record after half a second and set a final status at ``at`` seconds."""
        self.clock.at(0.5, lambda: self.write(Status.PROCESSING))
        self.clock.at(at, lambda: self.write(status))

    def stop(self):
        """End the execution."""
        self.stepfunctions.stop_execution(executionArn=EXECUTION)

    @property
    def executions(self):
        """The names of all executions."""
        found = self.stepfunctions.list_executions(stateMachineArn=MACHINE)["executions"]
        return [each["name"] for each in found]

    def refuse(self, client, operation, code, *, times):
        """Make a client's next calls of an operation fail with an error code."""
        left = [code] * times

        def answer(**_kwargs):
            if left:
                raise ClientError({"Error": {"Code": left.pop(), "Message": "refused by the test"}}, operation)

        name = f"before-call.{client.meta.service_model.service_id.hyphenize()}.{operation}"
        client.meta.events.register(name, answer)
        self._refusals.append((client, name, answer))

    _refusals: list[tuple] = field(default_factory=list)

    def close(self):
        """Stop all refusals, because clients are shared by tests."""
        for client, name, answer in self._refusals:
            client.meta.events.unregister(name, answer)


@pytest.fixture
def stage(aws, stepfunctions):
    stepfunctions.create_state_machine(
        name="ingest",
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/ingest",
    )
    made = Stage(aws, stepfunctions)
    count = lambda model, **_: made.calls.append(model.name)  # noqa: E731 - an identity to unregister
    stepfunctions.meta.events.register("before-call.sfn", count)
    yield made
    stepfunctions.meta.events.unregister("before-call.sfn", count)
    made.close()
