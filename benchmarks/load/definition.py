"""The parts of the state machine that the simulation needs: paths of states, and each Task's retriers and ending.

They are read from the ASL file, so the simulation always uses the current definition.
"""

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Any, Self

from workflows.lint import DIRECTORY

THROTTLED = "Lambda.TooManyRequestsException"
"""The error name of a throttled function in Retry and Catch."""
BUSY = "ThrottledError"
"""The error that a function raises if Rekognition throttles it for longer than the function retries."""
FUNCTION_ARN = "FunctionArn}"


class Ending(StrEnum):
    """How an upload ends. LOST means that EventBridge gave up starting its execution."""

    JUDGED = "judged"
    HELD = "held"
    FAILED = "failed"
    LOST = "lost"


@dataclass(frozen=True)
class Retrier:
    """One entry of Retry. Without ``max_delay_seconds`` the backoff is not bounded."""

    errors: frozenset[str]
    interval_seconds: float = 1.0
    max_attempts: int = 3
    backoff_rate: float = 2.0
    max_delay_seconds: float | None = None
    full_jitter: bool = False

    @classmethod
    def from_asl(cls, entry: Mapping[str, Any]) -> Self:
        """Read an entry; missing fields get the defaults of Amazon States Language."""
        return cls(
            errors=frozenset(entry["ErrorEquals"]),
            interval_seconds=entry.get("IntervalSeconds", 1),
            max_attempts=entry.get("MaxAttempts", 3),
            backoff_rate=entry.get("BackoffRate", 2.0),
            max_delay_seconds=entry.get("MaxDelaySeconds"),
            full_jitter=entry.get("JitterStrategy") == "FULL",
        )

    def handles(self, error: str) -> bool:
        """Return whether the entry matches an error."""
        return error in self.errors or "States.ALL" in self.errors

    def longest_delay(self, retry: int) -> float:
        """Return the delay before a retry in seconds, without jitter; retries are counted from 0."""
        bound = float("inf") if self.max_delay_seconds is None else self.max_delay_seconds
        steps = min(retry, 64)  # 2 ** 64 s exceeds every bound; larger powers overflow
        return min(self.interval_seconds * self.backoff_rate**steps, bound)

    def delay(self, retry: int, random: Random) -> float:
        """Return the delay before a retry in seconds; with full jitter it is random, up to the longest delay."""
        longest = self.longest_delay(retry)
        return random.uniform(0.0, longest) if self.full_jitter else longest


@dataclass(frozen=True)
class Step:
    """Part of an execution: it enters ``states`` states, of which only the last may be a Task.

    ``function`` is the Task's function, or "" for a direct call to a service. If the Task fails after all retries, the
    execution enters ``failure_states`` more states and ends with ``ending``.
    """

    states: int
    name: str = ""
    function: str = ""
    retriers: tuple[Retrier, ...] = ()
    ending: Ending = Ending.FAILED
    failure_states: int = 0


@dataclass(frozen=True)
class Definition:
    """A state machine: its states by name, and its time limit in seconds."""

    start: str
    states: Mapping[str, Mapping[str, Any]]
    timeout_seconds: float

    @classmethod
    def from_file(cls, path: Path = DIRECTORY / "ingest.asl.json") -> Self:
        """Read an ASL file, by default the pipeline's own."""
        document = json.loads(path.read_text(encoding="utf-8"))
        return cls(document["StartAt"], document["States"], document["TimeoutSeconds"])

    def path(self, *waypoints: str) -> tuple[Step, ...]:
        """Return the shortest path from the start through the named states to the nearest end state."""
        names = [self.start]
        for waypoint in waypoints:
            names += self._way(names[-1], waypoint)
        return tuple(self._steps([*names, *self._way(names[-1], None)]))

    def _steps(self, names: Sequence[str]) -> Iterator[Step]:
        states = 0
        for name in names:
            states += 1
            state = self.states[name]
            if state["Type"] == "Task":
                yield replace(self._task(name, state), states=states)
                states = 0
        if states:
            yield Step(states)

    def _task(self, name: str, state: Mapping[str, Any]) -> Step:
        arn = str(state.get("Parameters", {}).get("FunctionName", ""))
        caught = next(entry["Next"] for entry in state["Catch"] if "States.ALL" in entry["ErrorEquals"])
        failure = [caught, *self._way(caught, None)]
        held = any(self.states[each].get("Result", {}).get("status") == "HELD" for each in failure)
        return Step(
            states=1,
            name=name,
            function=arn.removeprefix("${").removesuffix(FUNCTION_ARN).lower() if arn.endswith(FUNCTION_ARN) else "",
            retriers=tuple(Retrier.from_asl(entry) for entry in state.get("Retry", ())),
            ending=Ending.HELD if held else Ending.FAILED,
            failure_states=len(failure),
        )

    def _way(self, start: str, goal: str | None) -> list[str]:
        """Return the states after ``start`` on the shortest path without errors to ``goal``, or to an end state."""
        came_from: dict[str, str] = {start: ""}
        queue = deque([start])
        while queue:
            name = queue.popleft()
            if name == goal or (goal is None and _is_end(self.states[name])):
                return self._walked(name, came_from)
            for successor in _successors(self.states[name]):
                if successor not in came_from:
                    came_from[successor] = name
                    queue.append(successor)
        raise ValueError(f"{goal or 'an end'} cannot be reached from {start}")

    @staticmethod
    def _walked(name: str, came_from: Mapping[str, str]) -> list[str]:
        way: list[str] = []
        while came_from[name]:
            way.insert(0, name)
            name = came_from[name]
        return way


def with_retrier(steps: Sequence[Step], retrier: Retrier) -> tuple[Step, ...]:
    """Return the steps with ``retrier`` as the first retrier of each function's Task."""
    return tuple(replace(step, retriers=(retrier, *step.retriers)) if step.function else step for step in steps)


def _is_end(state: Mapping[str, Any]) -> bool:
    """Return whether an execution that is in a state ends with it if no error occurs."""
    return state["Type"] in {"Succeed", "Fail"} or state.get("End", False)


def _successors(state: Mapping[str, Any]) -> list[str]:
    """Return the states that may follow a state without errors."""
    named = [state[field] for field in ("Next", "Default") if field in state]
    return [*(choice["Next"] for choice in state.get("Choices", ())), *named]
