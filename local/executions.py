"""Waits for executions of the state machine, and lists their states and durations."""

import time
from dataclasses import dataclass
from typing import Any

POLL_SECONDS = 0.2


@dataclass(frozen=True)
class StatePassed:
    """A state that an execution entered: its kind (Task, Choice, Pass, Succeed, Fail) and the seconds spent in it."""

    name: str
    kind: str
    seconds: float


def wait_for_end(stepfunctions: Any, execution_arn: str, *, within_seconds: float) -> dict[str, Any]:
    """Return the result of DescribeExecution once the execution has ended. Raises TimeoutError."""
    deadline = time.monotonic() + within_seconds
    while True:
        answer: dict[str, Any] = stepfunctions.describe_execution(executionArn=execution_arn)
        if answer["status"] != "RUNNING":
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"{execution_arn} is still running after {within_seconds:.0f} s")
        time.sleep(POLL_SECONDS)


def states_passed(stepfunctions: Any, execution_arn: str) -> list[StatePassed]:
    """Return the states of an execution in the order in which it entered them, from its history."""
    pages = stepfunctions.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
    events = [event for page in pages for event in page["events"]]
    passed: list[StatePassed] = []
    for place, event in enumerate(events):
        kind, entered, _ = str(event["type"]).partition("StateEntered")
        if not entered:
            continue
        # A state ends when the next one is entered; the last one ends with the execution.
        end = next((later for later in events[place + 1 :] if later["type"].endswith("StateEntered")), events[-1])
        seconds = (end["timestamp"] - event["timestamp"]).total_seconds()
        passed.append(StatePassed(event["stateEnteredEventDetails"]["name"], kind, seconds))
    return passed
