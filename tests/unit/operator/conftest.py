"""An operator of a stage in moto: its stack with outputs, its table, and its state machine."""

import json
from dataclasses import dataclass

import pytest

from functions.shared.keys import RECORD_SORT_KEY, record_partition
from image_scaler.operator.stage import Operator
from image_scaler.profiles import Aws
from tests.fakes.aws import ENVIRONMENT, ORIGINALS, REGION, TABLE, new_client

WAITS = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 9999, "End": True}}}
OUTPUTS = {"TableName": TABLE, "OriginalsBucket": ORIGINALS}


@dataclass
class Stage:
    """The stage that the operator operates."""

    aws: object
    operator: Operator
    states: object
    machine: str

    def record(self, image_id, **attributes):
        """Write the record of a failed image."""
        key = {"pk": record_partition(image_id), "sk": RECORD_SORT_KEY}
        self.aws.put_item(key | {"image_id": image_id, "status": "FAILED", **attributes})

    def execution_arn(self, name):
        """Return the ARN of an execution."""
        return f"{self.machine.replace(':stateMachine:', ':execution:')}:{name}"

    def input_of(self, execution_arn):
        """Return an execution's input."""
        return json.loads(self.states.describe_execution(executionArn=execution_arn)["input"])


@pytest.fixture
def stage(aws, monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    states, cloudformation = new_client("stepfunctions"), new_client("cloudformation")
    machine = states.create_state_machine(
        name="ingest", definition=json.dumps(WAITS), roleArn="arn:aws:iam::123456789012:role/machine"
    )["stateMachineArn"]
    assert machine == ENVIRONMENT["INGEST_STATE_MACHINE_ARN"]
    template = {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {name: {"Value": value} for name, value in OUTPUTS.items()},
    }
    cloudformation.create_stack(StackName="ImageScaler-dev-Pipeline", TemplateBody=json.dumps(template))
    return Stage(aws, Operator(Aws(stage="dev", region=REGION, access_key="test")), states, machine)
