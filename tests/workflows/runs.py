"""One execution from its history: its states, the failed attempts in each, and its end."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.deployed import eventually


@dataclass
class Visit:
    """One state that an execution entered: its input, the error of each failed attempt, and what its Task was sent."""

    state: str
    input: dict[str, Any]
    errors: list[str] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    succeeded: bool = False

    @property
    def retries(self) -> int:
        """The number of retries."""
        return len(self.errors) if self.succeeded else max(len(self.errors) - 1, 0)


@dataclass(frozen=True)
class Run:
    """An execution that has ended."""

    machine: str
    status: str
    error: str | None
    cause: str | None
    output: dict[str, Any]
    visits: tuple[Visit, ...]

    @property
    def path(self) -> tuple[str, ...]:
        """The names of the states, in order."""
        return tuple(visit.state for visit in self.visits)

    @property
    def retries(self) -> dict[str, int]:
        """The number of retries by state, without states that had none."""
        return {visit.state: visit.retries for visit in self.visits if visit.retries}

    def visit(self, state: str) -> Visit:
        """Return the one visit of a state."""
        (only,) = (visit for visit in self.visits if visit.state == state)
        return only


def run_of(stepfunctions: Any, machine: str, execution_arn: str, *, within_seconds: float) -> Run:
    """Wait for the end of an execution and read its history."""

    def ended() -> dict[str, Any] | None:
        answer: dict[str, Any] = stepfunctions.describe_execution(executionArn=execution_arn)
        return answer if answer["status"] != "RUNNING" else None

    answer = eventually(ended, within_seconds=within_seconds)
    assert answer is not None
    pages = stepfunctions.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn, includeExecutionData=True
    )
    return Run(
        machine=machine,
        status=answer["status"],
        error=answer.get("error"),
        cause=answer.get("cause"),
        output=json.loads(answer.get("output") or "{}"),
        visits=tuple(_visits(event for page in pages for event in page["events"])),
    )


def _visits(events: Iterable[dict[str, Any]]) -> list[Visit]:
    visits: list[Visit] = []
    for event in events:
        kind = str(event["type"])
        if kind.endswith("StateEntered"):
            entered = event["stateEnteredEventDetails"]
            visits.append(Visit(entered["name"], json.loads(entered["input"])))
        elif kind == "TaskScheduled":
            visits[-1].sent.append(json.loads(event["taskScheduledEventDetails"].get("parameters") or "{}"))
        elif kind == "TaskFailed":
            visits[-1].errors.append(event["taskFailedEventDetails"]["error"])
        elif kind == "TaskTimedOut":
            visits[-1].errors.append(event["taskTimedOutEventDetails"].get("error", "States.Timeout"))
        elif kind == "TaskSucceeded":
            visits[-1].succeeded = True
    return visits
