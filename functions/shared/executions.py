"""Starts and describes executions of state machines. A name in use and an unknown execution are results, not errors."""

from typing import Any, Final

from botocore.exceptions import ClientError

from functions.shared.aws import client, translated_errors

NAME_IN_USE: Final = "ExecutionAlreadyExists"
NOT_FOUND: Final = "ExecutionDoesNotExist"


class Executions:
    """Executions in the function's account.

    ``stepfunctions`` is a botocore client, by default the process's own, which is created at the first call: many
    functions start an execution only now and then.
    """

    def __init__(self, stepfunctions: Any = None) -> None:
        self._given = stepfunctions

    @property
    def _stepfunctions(self) -> Any:
        return client("stepfunctions") if self._given is None else self._given

    def start(self, machine_arn: str, name: str, document: str) -> bool:
        """Start an execution with a JSON text; return False if the name is in use.

        Raises TransientDependencyError, or ClientError for a request that AWS refuses.
        """
        try:
            with translated_errors():
                self._stepfunctions.start_execution(stateMachineArn=machine_arn, name=name, input=document)
        except ClientError as error:
            if error.response["Error"]["Code"] == NAME_IN_USE:
                return False
            raise
        return True

    def describe(self, execution_arn: str) -> dict[str, Any] | None:
        """Return an execution's description; None if Step Functions does not know it (any more, or yet).

        Raises TransientDependencyError, or ClientError for a request that AWS refuses.
        """
        try:
            with translated_errors():
                return dict(self._stepfunctions.describe_execution(executionArn=execution_arn))
        except ClientError as error:
            if error.response["Error"]["Code"] == NOT_FOUND:
                return None
            raise


def arn_of(machine_arn: str, name: str) -> str:
    """Return the ARN of a state machine's execution with this name."""
    return f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
