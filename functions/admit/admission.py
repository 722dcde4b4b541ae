"""Starts the execution of an upload and waits until the image has its end.

StartExecution returns at once, so a queue that only bounds starts bounds nothing. Here the call of the function lasts
as long as the work, and Lambda bounds the calls: there is no counter that could be wrong, and nothing to give back.

An execution's name follows from the message, whose id stays the same when it is delivered again. Whatever happens to a
call, the next one of the same message finds the execution that was started and goes on waiting for it.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

from botocore.exceptions import ClientError

from functions.admit.settings import AdmitSettings
from functions.records.claims import ClaimReader
from functions.shared.aws import client, translated_errors
from functions.shared.contracts import Status
from functions.shared.errors import ContractError, TransientDependencyError
from functions.shared.keys import is_image_id
from functions.shared.timeouts import TimeBudget

NAME_IN_USE: Final = "ExecutionAlreadyExists"
NOT_FOUND: Final = "ExecutionDoesNotExist"
"""DescribeExecution is eventually consistent: of an execution that was just started it may know nothing yet."""

WAITED_SHARE: Final = 0.95
"""Of the time that the function may run: 570 of 600 s. The rest is for calls under way and the answer."""

SHORTEST_STEP_SECONDS: Final = 0.5
LONGEST_STEP_SECONDS: Final = 5.0
STEP_SHARE: Final = 0.05
"""A step is a twentieth of what was waited so far, between these bounds: a place is free again that much too late."""

FIRST_LOOK_SECONDS: Final = 1.0
LONGEST_LOOK_SECONDS: Final = 10.0
"""Steps between looks at the execution itself, doubling. Step Functions allows few (15 a second by default), and only
duplicates, late uploads and executions that cannot claim their image need them."""


class Ending(StrEnum):
    """What a call comes to: the image has its end, or its execution is still at work."""

    ENDED = "Ended"
    AT_WORK = "AtWork"


@dataclass(frozen=True)
class Upload:
    """A message: its id, S3's event as text, and the image's id, "" where the event names none."""

    message_id: str
    event: str
    image_id: str

    @classmethod
    def from_event(cls, event: dict[str, Any]) -> Self:
        """Read a batch of one message. Raises ContractError."""
        try:
            (record,) = event["Records"]
            return cls(record["messageId"], record["body"], _image_id(record["body"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ContractError(f"Upload: {error!r}") from error

    @property
    def execution_name(self) -> str:
        """The name of its execution."""
        return f"{self.image_id}-{self.message_id}" if self.image_id else self.message_id

    def response(self, ending: Ending) -> dict[str, Any]:
        """Return what Lambda is told: whether the message comes again."""
        failures = [{"itemIdentifier": self.message_id}] if ending is Ending.AT_WORK else []
        return {"batchItemFailures": failures}


def time_budget(remaining_ms: int) -> TimeBudget:
    """Return for how long a call waits that may run for ``remaining_ms``."""
    return TimeBudget(remaining_ms / 1000 * WAITED_SHARE)


class Admission:
    """Starts executions and waits for their ends. The clients are botocore's, the process's own by default."""

    def __init__(self, settings: AdmitSettings, *, dynamodb: Any = None, stepfunctions: Any = None) -> None:
        self._machine = settings.ingest_state_machine_arn
        self._claims = ClaimReader(settings.table_name, dynamodb)
        self._stepfunctions = client("stepfunctions") if stepfunctions is None else stepfunctions

    def admit(self, upload: Upload, *, budget: TimeBudget) -> Ending:
        """Start the upload's execution, unless it was started before, and wait for the end of its image.

        Raises TransientDependencyError when it could not be started at all, or another error of AWS: then the message
        comes again.
        """
        began = budget.clock()
        waiting = _Waiting(budget, began)
        execution_arn = f"{self._machine.replace(':stateMachine:', ':execution:')}:{upload.execution_name}"
        if self._start(upload, waiting):
            waiting.look_at = budget.clock() - began + FIRST_LOOK_SECONDS
        while not self._has_ended(upload, execution_arn, waiting):
            if not waiting.step():
                return Ending.AT_WORK
        return Ending.ENDED

    def _start(self, upload: Upload, waiting: "_Waiting") -> bool:
        """Start the execution, again while Step Functions throttles; False if it was started before."""
        while True:
            try:
                with translated_errors():
                    self._stepfunctions.start_execution(
                        stateMachineArn=self._machine, name=upload.execution_name, input=upload.event
                    )
            except TransientDependencyError:
                if not waiting.step():
                    raise
            except ClientError as error:
                if error.response["Error"]["Code"] == NAME_IN_USE:
                    return False
                raise
            else:
                return True

    def _has_ended(self, upload: Upload, execution_arn: str, waiting: "_Waiting") -> bool:
        """Tell whether the image has its end, as far as AWS can be asked now.

        Its record tells, if this execution has claimed it; the execution itself otherwise.
        """
        try:
            claim = self._claims.of(upload.image_id) if upload.image_id else None
            if claim is not None and claim.execution_arn == execution_arn:
                return claim.status is not Status.PROCESSING
            return waiting.looks() and self._is_over(execution_arn)
        except TransientDependencyError:
            return False

    def _is_over(self, execution_arn: str) -> bool:
        try:
            with translated_errors():
                return bool(self._stepfunctions.describe_execution(executionArn=execution_arn)["status"] != "RUNNING")
        except ClientError as error:
            if error.response["Error"]["Code"] == NOT_FOUND:
                return False
            raise


@dataclass
class _Waiting:
    """Steps from one look to the next; ``look_at`` is when the execution itself is looked at next, since ``began``."""

    budget: TimeBudget
    began: float
    look_at: float = 0.0
    look_step: float = FIRST_LOOK_SECONDS

    @property
    def waited(self) -> float:
        return self.budget.clock() - self.began

    def step(self) -> bool:
        """Sleep until the next look; False when that would be too long."""
        seconds = min(max(SHORTEST_STEP_SECONDS, self.waited * STEP_SHARE), LONGEST_STEP_SECONDS)
        if self.waited + seconds > self.budget.seconds:
            return False
        self.budget.sleep(seconds)
        return True

    def looks(self) -> bool:
        """Tell whether it is time to look at the execution, and set the next time."""
        if self.waited < self.look_at:
            return False
        self.look_step = min(2 * self.look_step, LONGEST_LOOK_SECONDS)
        self.look_at = self.waited + self.look_step
        return True


def _image_id(body: str) -> str:
    """Return the image's id of an upload event; "" if it is none: the execution then fails, and its alarm tells."""
    try:
        image_id = json.loads(body)["detail"]["object"]["key"].split("/")[1]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return ""
    return image_id if is_image_id(image_id) else ""
