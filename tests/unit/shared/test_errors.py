"""The error tree: every error of the functions is in it, and something handles each of them."""

import importlib
import json
from pkgutil import walk_packages

import pytest

import functions
from functions.shared import errors
from functions.shared.errors import STATE_MACHINE, ImageScalerError
from tests.fakes.openapi import description
from workflows.lint import DIRECTORY

BRANCH = "─ "


def subclasses(base: type) -> set[type]:
    return {base}.union(*(subclasses(each) for each in base.__subclasses__()))


def error_classes() -> list[type]:
    """Return every exception class that a module of functions/ defines; the handlers of functions define none."""
    for module in walk_packages(functions.__path__, "functions."):
        if not module.name.endswith(".handler"):
            importlib.import_module(module.name)
    found = [each for each in subclasses(BaseException) if each.__module__.startswith("functions.")]
    return sorted((each for each in found if each is not ImageScalerError), key=lambda each: each.__name__)


def handling(error: type):
    return getattr(error, "handled", ())


ERRORS = error_classes()
EVERY_ERROR = pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)


def tree() -> dict[str, str]:
    """Return the module of each error as the docstring draws the tree."""
    drawn = {}
    for line in errors.__doc__.splitlines():
        if BRANCH in line:
            name, _, rest = line.partition(BRANCH)[2].partition(" ")
            module, colon, _ = rest.strip().partition(": ")
            drawn[name] = module if colon else errors.__name__
    return drawn


def task_errors() -> list[dict[str, set[str]]]:
    """Return the errors that each Task of a function retries and catches, over all state machines."""
    machines = [json.loads(path.read_text()) for path in sorted(DIRECTORY.glob("*.asl.json"))]
    tasks = [state for machine in machines for state in states(machine) if "lambda:invoke" in state.get("Resource", "")]
    return [
        {kind: {name for each in task.get(kind, ()) for name in each["ErrorEquals"]} for kind in ("Retry", "Catch")}
        for task in tasks
    ]


def states(machine):
    """Yield every state of a machine, including nested ones."""
    for state in machine["States"].values():
        yield state
        for nested in (*state.get("Branches", ()), state.get("ItemProcessor")):
            if nested:
                yield from states(nested)


def test_every_error_derives_from_the_base_and_is_in_the_tree():
    assert all(issubclass(each, ImageScalerError) for each in ERRORS)
    assert tree() == {each.__name__: each.__module__ for each in ERRORS}


@EVERY_ERROR
def test_every_error_says_how_it_is_handled(error):
    assert vars(error).get("handled")


def test_an_error_that_a_function_raises_ends_in_a_catch_of_the_state_machine():
    tasks = task_errors()

    assert tasks
    assert all("States.ALL" in task["Catch"] for task in tasks)


def test_state_machines_name_errors_that_are_declared_as_theirs():
    named = {name for task in task_errors() for names in task.values() for name in names if "." not in name}

    declared = {each.__name__ for each in ERRORS if STATE_MACHINE in handling(each)}

    assert named
    assert named <= declared


@pytest.mark.parametrize("error", [each for each in ERRORS if any(by.http_status for by in handling(each))])
def test_the_status_of_a_response_is_described_by_the_api(error):
    described = {
        int(status)
        for path in description()["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict)
        for status in operation.get("responses", ())
    }

    not_described = 405  # for methods that the API does not have
    assert {by.http_status for by in handling(error) if by.http_status} <= described | {not_described}
