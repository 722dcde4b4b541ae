"""State machines in moto."""

import json

from botocore.exceptions import ClientError

from functions.shared.aws import client
from tests.fakes.aws import new_client


class Machine:
    """A state machine, whose executions stay RUNNING until a test ends them."""

    def __init__(self, name: str) -> None:
        self._stepfunctions = new_client("stepfunctions")
        self.arn = self._stepfunctions.create_state_machine(
            name=name,
            definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
            roleArn=f"arn:aws:iam::123456789012:role/{name}",
        )["stateMachineArn"]

    def started(self) -> dict[str, dict]:
        """Return the input of each execution by its ARN, in the order of their starts."""
        listed = self._stepfunctions.list_executions(stateMachineArn=self.arn)["executions"]
        return {each["executionArn"]: self._input(each["executionArn"]) for each in reversed(listed)}

    def _input(self, arn: str) -> dict:
        return json.loads(self._stepfunctions.describe_execution(executionArn=arn)["input"])

    def end(self, arn: str) -> None:
        """Let an execution fail."""
        self._stepfunctions.stop_execution(executionArn=arn)

    def refuse(self, operation: str, code: str) -> None:
        """Let Step Functions return an error for an operation from now on."""

        def refused(**_kwargs):
            raise ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}, operation)

        client("stepfunctions").meta.events.register(f"before-call.stepfunctions.{operation}", refused)
