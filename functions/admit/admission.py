"""Starts the execution of an upload and waits until the image has a final status.

StartExecution returns immediately, so limiting the rate of starts would not limit the executions that run. Here each
invocation lasts as long as its execution, and Lambda limits concurrent invocations. No counter can be wrong, and
nothing has to be released.

A message to process an image again because of a decision may be sent more than once. It is dropped unless the decision
is still pending: otherwise each of them would process the image, and use one of its 100 revisions.

The execution's name contains the message id, which does not change when SQS delivers the message again. If an
invocation fails, the next one for the same message therefore finds the running execution and waits for it.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

from functions.admit.settings import AdmitSettings
from functions.records.claims import ClaimReader
from functions.shared.errors import ContractError, TransientDependencyError
from functions.shared.executions import Executions, arn_of
from functions.shared.keys import is_ulid
from functions.shared.status import Status
from functions.shared.timeouts import TimeBudget
from functions.shared.upload_events import ingest_input

WAITED_SHARE: Final = 0.95
"""Share of the remaining time spent waiting: 570 of 600 s. The rest is for pending calls and the response."""

SHORTEST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 5.0
WAIT_SHARE: Final = 0.05
"""Each wait is a twentieth of the time waited so far, within these bounds. It delays the next upload by that much."""

FIRST_DESCRIBE_SECONDS: Final = 1.0
LONGEST_DESCRIBE_SECONDS: Final = 10.0
"""Intervals between DescribeExecution calls; they double. Step Functions allows few (15 a second by default), and they
are needed only for duplicates, late uploads and executions that cannot claim their image."""


class Ending(StrEnum):
    """The result of an invocation: the image has a final status, or its execution is still running or not needed."""

    ENDED = "Ended"
    AT_WORK = "AtWork"
    DROPPED = "Dropped"
    """No decision is pending for which the image would have to be processed again."""


@dataclass(frozen=True)
class Upload:
    """A message: its id, the execution's input as text, and the image's id ("" if the message names none).

    ``is_rework`` tells that the image is to be processed again because of a decision.
    """

    message_id: str
    document: str
    image_id: str
    is_rework: bool = False

    @classmethod
    def from_event(cls, event: dict[str, Any]) -> Self:
        """Read a batch of one message. Raises ContractError."""
        try:
            (record,) = event["Records"]
            message_id, body = record["messageId"], record["body"]
        except (KeyError, TypeError, ValueError) as error:
            raise ContractError(f"Upload: {error!r}") from error
        document = _ingest_input(body)
        return (
            cls(message_id, body, "")
            if document is None
            else cls(message_id, json.dumps(document), document["image_id"], is_rework=document["rework"])
        )

    @property
    def execution_name(self) -> str:
        """The execution's name."""
        return f"{self.image_id}-{self.message_id}" if self.image_id else self.message_id

    def response(self, ending: Ending) -> dict[str, Any]:
        """Return the response to Lambda, which says whether SQS should deliver the message again."""
        failures = [{"itemIdentifier": self.message_id}] if ending is Ending.AT_WORK else []
        return {"batchItemFailures": failures}


def time_budget(remaining_ms: int) -> TimeBudget:
    """Return how long an invocation with ``remaining_ms`` left may wait."""
    return TimeBudget(remaining_ms / 1000 * WAITED_SHARE)


class Admission:
    """Starts executions and waits for their images. Clients are botocore's, by default the process's own."""

    def __init__(self, settings: AdmitSettings, *, dynamodb: Any = None, stepfunctions: Any = None) -> None:
        self._machine = settings.ingest_state_machine_arn
        self._claims = ClaimReader(settings.table_name, dynamodb)
        self._executions = Executions(stepfunctions)

    def admit(self, upload: Upload, *, budget: TimeBudget) -> Ending:
        """Start the upload's execution unless it exists or is not needed, and wait until its image has a final status.

        Raises TransientDependencyError if the execution could not be started, or another AWS error; SQS then delivers
        the message again.
        """
        if upload.is_rework and not self._is_pending(upload.image_id):
            return Ending.DROPPED
        began = budget.clock()
        waiting = _Waiting(budget, began)
        execution_arn = arn_of(self._machine, upload.execution_name)
        if self._start(upload, waiting):
            waiting.describe_at = budget.clock() - began + FIRST_DESCRIBE_SECONDS
        while not self._has_ended(upload, execution_arn, waiting):
            if not waiting.sleep():
                return Ending.AT_WORK
        return Ending.ENDED

    def _is_pending(self, image_id: str) -> bool:
        claim = self._claims.of(image_id, consistent=True)
        return claim is not None and claim.pending_at != ""

    def _start(self, upload: Upload, waiting: "_Waiting") -> bool:
        """Start the execution, retrying while Step Functions throttles; return False if it already exists."""
        while True:
            try:
                return self._executions.start(self._machine, upload.execution_name, upload.document)
            except TransientDependencyError:
                if not waiting.sleep():
                    raise

    def _has_ended(self, upload: Upload, execution_arn: str, waiting: "_Waiting") -> bool:
        """Return whether the image has a final status; False if AWS cannot be asked now.

        This is read from the record if this execution has claimed it, otherwise from the execution itself.
        """
        try:
            claim = self._claims.of(upload.image_id) if upload.image_id else None
            if claim is not None and claim.execution_arn == execution_arn:
                return claim.status is not Status.PROCESSING
            return waiting.describe_is_due() and self._is_over(execution_arn)
        except TransientDependencyError:
            return False

    def _is_over(self, execution_arn: str) -> bool:
        """Return whether an execution has ended. One that has just started may not be found yet."""
        execution = self._executions.describe(execution_arn)
        return execution is not None and execution["status"] != "RUNNING"


@dataclass
class _Waiting:
    """Waits between checks. ``describe_at`` is when the execution is described next, in seconds since ``began``."""

    budget: TimeBudget
    began: float
    describe_at: float = 0.0
    describe_interval: float = FIRST_DESCRIBE_SECONDS

    @property
    def waited(self) -> float:
        return self.budget.clock() - self.began

    def sleep(self) -> bool:
        """Sleep until the next check; return False if the time left is too short."""
        seconds = min(max(SHORTEST_WAIT_SECONDS, self.waited * WAIT_SHARE), LONGEST_WAIT_SECONDS)
        if self.waited + seconds > self.budget.seconds:
            return False
        self.budget.sleep(seconds)
        return True

    def describe_is_due(self) -> bool:
        """Return whether it is time to describe the execution; if so, set the next time."""
        if self.waited < self.describe_at:
            return False
        self.describe_interval = min(2 * self.describe_interval, LONGEST_DESCRIBE_SECONDS)
        self.describe_at = self.waited + self.describe_interval
        return True


def _ingest_input(body: str) -> dict[str, Any] | None:
    """Return the input of `ingest` for a message's body, or None if that is no event of an upload.

    An execution then gets the body itself as its input; it fails and raises an alarm.
    """
    try:
        document = ingest_input(json.loads(body))
        return document if is_ulid(document["image_id"]) else None
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None
