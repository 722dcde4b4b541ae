"""Coverage of the definitions by executions: states, Choice arms, Retry entries and Catch entries.

A Retry entry is taken when an attempt follows an error that it matches (or, with MaxAttempts 0, when none does). A
Choice arm is found by evaluating the rules on the state's recorded input, because two arms may lead to the same state.
If the next state is a different one, engine and rules disagree, which is an error.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.workflows.runs import Run

KINDS = ("states", "Choice arms", "Retry entries", "Catch entries")


COMPARISONS: Mapping[str, Callable[[Any, Any, Mapping[str, Any]], bool]] = {
    "IsPresent": lambda value, expected, _: (value is not None) is expected,
    "BooleanEquals": lambda value, expected, _: value is expected,
    "NumericGreaterThanEquals": lambda value, expected, _: isinstance(value, int) and value >= expected,
    "StringEquals": lambda value, expected, _: value == expected,
    "StringEqualsPath": lambda value, path, document: value == value_at(document, path),
}
"""The comparisons that the definitions use, of the value that a rule names with what it expects."""


@dataclass(frozen=True, order=True)
class Part:
    """One part of a definition that an execution can take. ``entry`` numbers arms and entries, -1 is Default."""

    machine: str
    state: str
    kind: str
    entry: int = 0


def parts_of(machine: str, states: Mapping[str, Mapping[str, Any]]) -> Iterator[Part]:
    """Every part of a definition."""
    for name, state in states.items():
        yield Part(machine, name, "states")
        if state["Type"] == "Choice":
            yield Part(machine, name, "Choice arms", -1)
        for kind, field in (("Choice arms", "Choices"), ("Retry entries", "Retry"), ("Catch entries", "Catch")):
            yield from (Part(machine, name, kind, entry) for entry in range(len(state.get(field, ()))))


def taken_by(run: Run, states: Mapping[str, Mapping[str, Any]]) -> Iterator[Part]:
    """The parts that an execution has taken."""
    for visit, following in zip(run.visits, (*run.path[1:], None), strict=True):
        state = states[visit.state]
        yield Part(run.machine, visit.state, "states")
        if state["Type"] == "Choice":
            entry, target = _arm(state, visit.input)
            assert target == following, f"{visit.state} should have led to {target}, and led to {following}"
            yield Part(run.machine, visit.state, "Choice arms", entry)
        for place, error in enumerate(visit.errors):
            retrier = _matching(state["Retry"], error)
            retried = place < visit.retries
            if retrier is not None and retried == (state["Retry"][retrier].get("MaxAttempts", 3) > 0):
                yield Part(run.machine, visit.state, "Retry entries", retrier)
            if not retried:
                catcher = _matching(state["Catch"], error)
                assert catcher is not None, f"{visit.state} catches no {error}"
                target = state["Catch"][catcher]["Next"]
                assert target == following, f"{error} should have led to {target}, and led to {following}"
                yield Part(run.machine, visit.state, "Catch entries", catcher)


def summary(taken: Iterable[Part], everything: Iterable[Part]) -> str:
    """Return the numbers of covered parts and of all parts, by kind, and the total percentage."""
    all_parts, taken_parts = set(everything), set(taken)
    totals, counts = Counter(part.kind for part in all_parts), Counter(part.kind for part in taken_parts)
    by_kind = ", ".join(f"{counts[kind]} of {totals[kind]} {kind}" for kind in KINDS)
    return f"{100 * len(taken_parts) / len(all_parts):.1f} % ({by_kind})"


def _matching(entries: Iterable[Mapping[str, Any]], error: str) -> int | None:
    """Return the number of the first entry that matches an error."""
    for number, entry in enumerate(entries):
        if error in entry["ErrorEquals"] or "States.ALL" in entry["ErrorEquals"]:
            return number
    return None


def _arm(state: Mapping[str, Any], document: Mapping[str, Any]) -> tuple[int, str]:
    """Return the number and the target of the arm that an input takes."""
    for number, rule in enumerate(state["Choices"]):
        if _holds(rule, document):
            return number, rule["Next"]
    return -1, state["Default"]


def _holds(rule: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Evaluate the comparisons that the definitions use; any other one is a KeyError."""
    if "And" in rule or "Or" in rule:
        together = all if "And" in rule else any
        return together(_holds(each, document) for each in rule.get("And") or rule["Or"])
    value = value_at(document, rule["Variable"])
    ((comparison, expected),) = ((name, each) for name, each in rule.items() if name not in {"Variable", "Next"})
    return COMPARISONS[comparison](value, expected, document)


def value_at(document: Any, path: str) -> Any:
    """Return the value at a path (with or without ``$.``, also with names in brackets), or None."""
    for name in path.removeprefix("$.").replace("['", ".").replace("']", "").split("."):
        document = document.get(name) if isinstance(document, Mapping) else None
    return document
