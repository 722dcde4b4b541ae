"""The state machine as the simulation needs it: paths of states, and each Task's retriers and ending.

Everything is read from the ASL file, so that a changed definition is simulated as it is.
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
"""What a throttled function is called in Retry and Catch."""
BUSY = "TransientDependencyError"
"""What a function raises when Rekognition has throttled it for longer than it waits."""
FUNCTION_ARN = "FunctionArn}"


class Ending(StrEnum):
    """How an upload ends. LOST: EventBridge gave up on starting it."""

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
        """Read an entry; what it leaves out has the language's defaults."""
        return cls(
            errors=frozenset(entry["ErrorEquals"]),
            interval_seconds=entry.get("IntervalSeconds", 1),
            max_attempts=entry.get("MaxAttempts", 3),
            backoff_rate=entry.get("BackoffRate", 2.0),
            max_delay_seconds=entry.get("MaxDelaySeconds"),
            full_jitter=entry.get("JitterStrategy") == "FULL",
        )

    def handles(self, error: str) -> bool:
        """Tell whether the entry is the one for an error."""
        return error in self.errors or "States.ALL" in self.errors

    def longest_delay(self, retry: int) -> float:
        """Return the seconds before the retry of this number, counted from 0, without jitter."""
        bound = float("inf") if self.max_delay_seconds is None else self.max_delay_seconds
        steps = min(retry, 64)  # 2 ** 64 s is past every bound; a larger power overflows
        return min(self.interval_seconds * self.backoff_rate**steps, bound)

    def delay(self, retry: int, random: Random) -> float:
        """Return the seconds before the retry of this number; full jitter takes any number up to the longest."""
        longest = self.longest_delay(retry)
        return random.uniform(0.0, longest) if self.full_jitter else longest

    def mean_patience_seconds(self) -> float:
        """Return how long all retries take on average, the attempts themselves aside."""
        longest = sum(self.longest_delay(retry) for retry in range(self.max_attempts))
        return longest / 2 if self.full_jitter else longest


@dataclass(frozen=True)
class Step:
    """What an execution does between two waits: it enters ``states`` states, the last of which may be a Task.

    ``function`` is the Task's function, or "" for a direct call of another service. ``ending`` is where the execution
    ends up when the Task fails for good, after entering ``failure_states`` more.
    """

    states: int
    name: str = ""
    function: str = ""
    retriers: tuple[Retrier, ...] = ()
    ending: Ending = Ending.FAILED
    failure_states: int = 0


@dataclass(frozen=True)
class Definition:
    """A state machine: its states by name, and its own time limit in seconds."""

    start: str
    states: Mapping[str, Mapping[str, Any]]
    timeout_seconds: float

    @classmethod
    def from_file(cls, path: Path = DIRECTORY / "ingest.asl.json") -> Self:
        """Read an ASL file, by default the pipeline's own."""
        document = json.loads(path.read_text(encoding="utf-8"))
        return cls(document["StartAt"], document["States"], document["TimeoutSeconds"])

    def path(self, *waypoints: str) -> tuple[Step, ...]:
        """Return the shortest way from the start through the states named, to the nearest end after the last."""
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
        """Return the states after ``start`` on the shortest way to ``goal``, or to an end, when nothing fails."""
        came_from: dict[str, str] = {start: ""}
        queue = deque([start])
        while queue:
            name = queue.popleft()
            if name == goal or (goal is None and self.states[name]["Type"] in {"Succeed", "Fail"}):
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
    """Return the steps with ``retrier`` in each function's Task, ahead of whatever else handles the same errors."""
    return tuple(replace(step, retriers=(retrier, *step.retriers)) if step.function else step for step in steps)


def _successors(state: Mapping[str, Any]) -> list[str]:
    """Return where a state goes to when nothing fails."""
    named = [state[field] for field in ("Next", "Default") if field in state]
    return [*(choice["Next"] for choice in state.get("Choices", ())), *named]
