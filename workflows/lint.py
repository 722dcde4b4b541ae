"""The lint of the state machines: what neither cfn-lint nor an emulator notices, and AWS only at run time.

``python -m workflows.lint`` checks every ``*.asl.json`` beside this file, writes one line per finding (file, state,
rule, what is wrong) and exits with 1 if there is any. The rules, by their names, hold for what the items of a Map run
too:

json                the file is one JSON object with States
names               no name stands twice in one object; a state's name is ASCII, at most 80 characters long, and
                    unique in the state machine
machine-timeout     the state machine has TimeoutSeconds: no execution runs for ever
transition          StartAt, Next, Default and every Next of Choices and Catch name a state; nothing else ends a path
reachable           every state can be reached from StartAt
terminal            from every state the execution can come to an end
task-retry          every Task has Retry
task-catch          every Task has Catch, and its last entry catches States.ALL
task-timeout        every Task has TimeoutSeconds
lambda-retry        a Task that invokes a function has one Retry entry for each kind of Lambda's faults: service faults
                    and outages are repeated more than once, a crash and a timeout once each
patience            every Task has a Retry entry for being throttled, with exactly the numbers of PATIENCE; not in
                    machines that come back to a failed Task by themselves (ROUNDS)
states-all          States.ALL stands alone in its entry, and its entry is the last one
choice-default      every Choice has Default
error-name          an error name is one of AWS's (it has a dot) or a class of functions/shared/errors.py
substitution        every ``${}`` is filled in by the deployment, and what is filled in is used
query-language      JSONPath only (see docs/adr/0001-jsonpath-not-jsonata.md)
jsonpath            a path starts with ``$`` or is an intrinsic function, without the filters, slices and descents
                    that not every engine evaluates alike
"""

import ast
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).resolve().parent
ERRORS = DIRECTORY.parent / "functions" / "shared" / "errors.py"

_WAITS = ("AnswersEndSeconds", "VariantsEndSeconds", "TroubleSeconds")

SUBSTITUTIONS: Mapping[str, frozenset[str]] = {
    "ingest.asl.json": frozenset(
        {
            "OptimizeFunctionArn",
            "ModerateFunctionArn",
            "BlurFunctionArn",
            "PersistFunctionArn",
            "RemoveFunctionArn",
            "RetireStateMachineArn",
            "TableName",
            "EventBusName",
        }
    ),
    "settle.asl.json": frozenset(
        {
            "RemoveFunctionArn",
            "RemoveStateMachineArn",
            "RetireStateMachineArn",
            "ReviewStateMachineArn",
            "TableName",
            "EventBusName",
            "TroubleSeconds",
        }
    ),
    "remove.asl.json": frozenset({"RemoveFunctionArn", "TableName", "EventBusName", *_WAITS}),
    "review.asl.json": frozenset({"DecideFunctionArn", "TableName"}),
    "retire.asl.json": frozenset({"RemoveFunctionArn", "TableName", "EventBusName", *_WAITS}),
    "rejudge.asl.json": frozenset({"SurveyFunctionArn", "DecideFunctionArn", "ReportsBucketName"}),
}
"""What the deployment fills in, by definition file. tests/infrastructure holds it to the template."""

INTRINSICS = frozenset(
    f"States.{name}"
    for name in (
        "Array", "ArrayContains", "ArrayGetItem", "ArrayLength", "ArrayPartition", "ArrayRange", "ArrayUnique",
        "Base64Decode", "Base64Encode", "Format", "Hash", "JsonMerge", "JsonToString", "MathAdd", "MathRandom",
        "StringSplit", "StringToJson", "UUID",
    )
)  # fmt: skip
"""All intrinsic functions of the Amazon States Language."""

RESERVED_ERRORS = frozenset(
    f"States.{name}"
    for name in (
        "ALL", "BranchFailed", "DataLimitExceeded", "ExceedToleratedFailureThreshold", "HeartbeatTimeout",
        "Http.Socket", "IntrinsicFailure", "ItemReaderFailed", "NoChoiceMatched", "ParameterPathFailure", "Permissions",
        "ResultPathMatchFailure", "ResultWriterFailed", "Runtime", "TaskFailed", "Timeout",
    )
)  # fmt: skip
"""The error names that the language reserves; an unknown one with the same prefix would never match."""

LAMBDA_INVOKE = "arn:aws:states:::lambda:invoke"

LAMBDA_FAULTS: Mapping[str, frozenset[str]] = {
    "service fault": frozenset(
        {
            "Lambda.ServiceException",
            "Lambda.AWSLambdaException",
            "Lambda.SdkClientException",
            "Lambda.ClientExecutionTimeoutException",
        }
    ),
    "crash": frozenset({"Runtime.ExitError", "Runtime.OutOfMemory", "Runtime.Unknown", "Lambda.Unknown"}),
    "timeout": frozenset({"Sandbox.Timedout", "States.Timeout"}),
    "throttling": frozenset({"Lambda.TooManyRequestsException", "ThrottledError"}),
    "outage": frozenset({"TransientDependencyError"}),
}
"""Error names of a Task that invokes a function, by kind; see docs/adr/0023-crashes-are-retried-once.md."""

THROTTLING: Mapping[str, frozenset[str]] = {
    LAMBDA_INVOKE: LAMBDA_FAULTS["throttling"],
    "arn:aws:states:::dynamodb:": frozenset(
        f"DynamoDB.{name}"
        for name in (
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "RequestLimitExceededException",
            "ThrottlingException",
        )
    ),
    "arn:aws:states:::aws-sdk:dynamodb:": frozenset(
        f"DynamoDb.{name}"
        for name in ("ProvisionedThroughputExceededException", "RequestLimitExceededException", "ThrottlingException")
    ),
    "arn:aws:states:::events:": frozenset({"EventBridge.ThrottlingException"}),
    "arn:aws:states:::states:": frozenset({"StepFunctions.ThrottlingException"}),
}
"""Error names of a Task that is throttled, by the beginning of its Resource."""

PATIENCE: Mapping[str, Any] = {
    "IntervalSeconds": 2,
    "MaxAttempts": 600,
    "BackoffRate": 2,
    "MaxDelaySeconds": 300,
    "JitterStrategy": "FULL",
}
"""How a throttled Task is repeated: 25 hours on average; see docs/adr/0026-uploads-wait-in-a-queue.md."""

ROUNDS = frozenset({"remove.asl.json", "retire.asl.json"})
"""Machines that note trouble, wait ten minutes and go on, for two days. More patience would delay the note, and with
it the alarm."""

RETRIED_ONCE = frozenset({"crash", "timeout"})
"""Kinds that the input itself may cause: a poison picture ends after at most two repeated attempts."""

LONGEST_NAME = 80
"""Characters that Step Functions allows in a state's name."""

_ENDING_TYPES = frozenset({"Succeed", "Fail"})
_JSONATA_FIELDS = frozenset({"Arguments", "Assign", "Output", "Condition", "Items"})
_SUBSTITUTION = re.compile(r"\$\{([^}]*)\}")
_INTRINSIC_CALL = re.compile(r"(States\.\w+)\(")
_UNPORTABLE_PATH = re.compile(r"\[\?|\.\.|\[[^\]']*[:,*]")
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'")


@dataclass(frozen=True)
class Finding:
    """One broken rule: where, which, and what is wrong."""

    file: str
    state: str
    rule: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}: {self.state}" if self.state else self.file
        return f"{place}: [{self.rule}] {self.message}"


def lint_file(path: Path) -> list[Finding]:
    """Return what is wrong with one definition file."""
    return lint_text(
        path.read_text(encoding="utf-8"),
        file=path.name,
        substitutions=SUBSTITUTIONS.get(path.name, frozenset()),
        error_classes=error_classes(ERRORS),
    )


def lint_text(text: str, *, file: str, substitutions: frozenset[str], error_classes: frozenset[str]) -> list[Finding]:
    """Return what is wrong with a definition, in the order of its states.

    ``substitutions`` are the names that the deployment fills in, ``error_classes`` the names of the project's errors.
    """
    try:
        definition, repeated = _loaded(text)
    except json.JSONDecodeError as error:
        return [Finding(file, "", "json", f"not JSON: {error}")]
    if not isinstance(definition, dict) or not isinstance(definition.get("States"), dict) or not definition["States"]:
        return [Finding(file, "", "json", "a definition is an object with a States object that is not empty")]
    complaints = (
        *(("", "names", f"{name} stands twice in one object; the first one is lost") for name in repeated),
        *_machine(definition),
        *_substitutions(text, substitutions),
        *_repeated_names(definition),
        *(
            complaint
            for part in (definition, *processors(definition).values())
            for complaint in _part(part, error_classes, file)
        ),
    )
    return [Finding(file, *complaint) for complaint in complaints]


def processors(definition: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return what each item of a Map runs, by the name of the Map, at any depth: parts with StartAt and States."""
    found: dict[str, Mapping[str, Any]] = {}
    for name, state in definition["States"].items():
        if "ItemProcessor" in state:
            found |= {name: state["ItemProcessor"], **processors(state["ItemProcessor"])}
    return found


def error_classes(source: Path) -> frozenset[str]:
    """Return the names of the classes that a Python file defines, without importing it."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.ClassDef))


def successors(state: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return where a state can go to: pairs of the field that says so and the name of the next state."""
    transitions = [(field, state[field]) for field in ("Next", "Default") if field in state]
    for field in ("Choices", "Catch"):
        transitions += [
            (f"{field}[{index}].Next", entry["Next"])
            for index, entry in enumerate(state.get(field, ()))
            if "Next" in entry
        ]
    return transitions


def _loaded(text: str) -> tuple[Any, list[str]]:
    """Return the document, and the names that stand twice in one object, of which JSON keeps the last."""
    repeated: list[str] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for name, value in pairs:
            if name in seen:
                repeated.append(name)
            seen[name] = value
        return seen

    return json.loads(text, object_pairs_hook=members), repeated


def _part(part: Mapping[str, Any], known_errors: frozenset[str], file: str) -> Iterator[tuple[str, str, str]]:
    """Rules on a definition, or on what each item of a Map runs: a part that begins and ends by itself."""
    yield from _names(part["States"])
    yield from _graph(part)
    for name, state in part["States"].items():
        own = {field: value for field, value in state.items() if field != "ItemProcessor"}
        yield from ((name, rule, message) for rule, message in (*_state(own, known_errors), *_patience(own, file)))


def _repeated_names(definition: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Names of states that occur in two parts: Step Functions allows each name once in a state machine."""
    names = [name for part in (definition, *processors(definition).values()) for name in part["States"]]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield name, "names", "a state of another part of the state machine has this name too"


def _names(states: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name in states:
        if not name.isascii():
            yield name, "names", "a state's name is ASCII: CloudWatch's metrics and logs lose others"
        if len(name) > LONGEST_NAME:
            yield name, "names", f"a state's name has at most {LONGEST_NAME} characters; this one has {len(name)}"


def _machine(definition: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Rules on the definition as a whole."""
    if not isinstance(definition.get("TimeoutSeconds"), int):
        yield "", "machine-timeout", "the state machine has no TimeoutSeconds: an execution could run for a year"
    if definition.get("QueryLanguage", "JSONPath") != "JSONPath":
        yield "", "query-language", f"QueryLanguage is {definition['QueryLanguage']}; only JSONPath is used here"


def _substitutions(text: str, known: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    used = set(_SUBSTITUTION.findall(text))
    for name in sorted(used - known):
        yield "", "substitution", f"${{{name}}} is filled in by nothing; known are {_listed(known)}"
    for name in sorted(known - used):
        yield "", "substitution", f"the deployment fills in ${{{name}}}, which the definition does not use"


def _graph(definition: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Rules on how the states hang together."""
    states: Mapping[str, Mapping[str, Any]] = definition["States"]
    start = str(definition.get("StartAt"))
    if start not in states:
        yield "", "transition", f"StartAt names {start}, which is not a state"
    for name, state in states.items():
        for field, target in successors(state):
            if target not in states:
                yield name, "transition", f"{field} names {target}, which is not a state"
        yield from ((name, "transition", message) for message in _ending(state))
    if start in states:
        forward = {name: [target for _, target in successors(state)] for name, state in states.items()}
        reached = _closure([start], forward)
        yield from ((name, "reachable", f"no path leads here from {start}") for name in states if name not in reached)
    yield from _endless(states)


def _endless(states: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """States from which no path leads to an end."""
    ends = [name for name, state in states.items() if state.get("Type") in _ENDING_TYPES or state.get("End") is True]
    if not ends:
        yield "", "terminal", "no state ends the execution (Succeed, Fail or End)"
        return
    backward: dict[str, list[str]] = {}
    for name, state in states.items():
        for _, target in successors(state):
            backward.setdefault(target, []).append(name)
    ending = _closure(ends, backward)
    yield from ((name, "terminal", "no path leads from here to an end") for name in states if name not in ending)


def _ending(state: Mapping[str, Any]) -> Iterator[str]:
    """A state says where it goes on exactly when it must."""
    kind = state.get("Type")
    goes_on = [field for field in ("Next", "End") if field in state]
    if kind in _ENDING_TYPES or kind == "Choice":
        if goes_on:
            yield f"a {kind} has no {goes_on[0]}"
    elif len(goes_on) != 1:
        yield f"a {kind} has either Next or End; this one has {' and '.join(goes_on) or 'neither'}"


def _state(state: Mapping[str, Any], known_errors: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Rules on one state alone."""
    kind = state.get("Type")
    if kind == "Task":
        yield from _task(state)
    if kind == "Choice" and "Default" not in state:
        yield "choice-default", "a Choice needs Default: a value that nobody thought of would fail the execution"
    yield from _error_entries(state)
    for name in _error_names(state):
        if name in RESERVED_ERRORS or ("." in name and not name.startswith("States.")):
            continue
        if name not in known_errors:
            where = "the errors that the language reserves" if "." in name else "functions/shared/errors.py"
            yield "error-name", f"{name} is not among {where}; it would never match"
    yield from _query_language(state)
    for path, text in _paths(state):
        yield from (("jsonpath", f"{path}: {message}") for message in _path_faults(text))


def _task(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not state.get("Retry"):
        yield "task-retry", "a Task needs Retry: a single fault of a service would fail the image"
    catchers = state.get("Catch")
    if not catchers:
        yield "task-catch", "a Task needs Catch: its failure would not be written into the record"
    elif "States.ALL" not in catchers[-1].get("ErrorEquals", ()):
        yield "task-catch", "the last entry of Catch must catch States.ALL"
    if not isinstance(state.get("TimeoutSeconds"), int):
        yield "task-timeout", "a Task needs TimeoutSeconds: without, it waits for an answer for a year"
    if state.get("Resource") == LAMBDA_INVOKE:
        yield from (("lambda-retry", message) for message in _lambda_retriers(state.get("Retry", ())))


def _lambda_retriers(retriers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What is missing among the retriers of a Task that invokes a function."""
    for kind, names in LAMBDA_FAULTS.items():
        attempts = [entry.get("MaxAttempts", 3) for entry in retriers if names == set(entry.get("ErrorEquals", ()))]
        if len(attempts) != 1:
            yield f"{kind} needs one Retry entry with exactly {_listed(names)}"
        elif (attempts[0] == 1) != (kind in RETRIED_ONCE) or attempts[0] < 1:
            wanted = "once" if kind in RETRIED_ONCE else "more than once"
            yield f"{kind} is repeated {wanted}; MaxAttempts is {attempts[0]}"


def _patience(state: Mapping[str, Any], file: str) -> Iterator[tuple[str, str]]:
    """What the retrier of a throttled Task lacks."""
    if state.get("Type") != "Task" or file in ROUNDS:
        return
    resource = str(state.get("Resource"))
    names = next((errors for start, errors in THROTTLING.items() if resource.startswith(start)), None)
    if names is None:
        yield "patience", f"what {resource} answers when it throttles is not in THROTTLING"
        return
    entries = [entry for entry in state.get("Retry", ()) if names == set(entry.get("ErrorEquals", ()))]
    if not any({**entry, "ErrorEquals": None} == {**PATIENCE, "ErrorEquals": None} for entry in entries):
        yield "patience", f"throttling needs a Retry entry with {_listed(names)} and the numbers {dict(PATIENCE)}"


def _error_entries(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field in ("Retry", "Catch"):
        entries: Sequence[Mapping[str, Any]] = state.get(field, ())
        for index, entry in enumerate(entries):
            names = entry.get("ErrorEquals", ())
            if not names:
                yield "error-name", f"{field}[{index}] has no ErrorEquals"
            if "States.ALL" in names and (len(names) > 1 or index != len(entries) - 1):
                yield "states-all", f"{field}[{index}]: States.ALL must stand alone, in the last entry"


def _error_names(state: Mapping[str, Any]) -> Iterator[str]:
    """Every error name that a state matches or makes up."""
    for field in ("Retry", "Catch"):
        for entry in state.get(field, ()):
            yield from entry.get("ErrorEquals", ())
    made_up = state.get("Result") if state.get("Type") == "Pass" else state
    if isinstance(made_up, dict) and isinstance(made_up.get("Error"), str):
        yield made_up["Error"]


def _query_language(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if state.get("QueryLanguage", "JSONPath") != "JSONPath":
        yield "query-language", f"QueryLanguage is {state['QueryLanguage']}; only JSONPath is used here"
    rules = [rule for rule in state.get("Choices", ()) if isinstance(rule, dict)]
    for field in sorted({field for part in (state, *rules) for field in _JSONATA_FIELDS & part.keys()}):
        yield "query-language", f"{field} is a field of JSONata; only JSONPath is used here"
    if any(text.startswith("{%") for _, text in _texts(state)):
        yield "query-language", "{% %} is JSONata; only JSONPath is used here"


def _paths(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every field of a state that holds a path: where it stands, and its text."""
    own = ("InputPath", "OutputPath", "ResultPath", "ItemsPath", "ErrorPath", "CausePath", "Variable")
    for path, text in _texts(state):
        field = path.rsplit(".", 1)[-1] if not path.endswith(".$") else ".$"
        if field == ".$" or field in own or field.endswith("Path"):
            yield path, text


def _path_faults(text: str) -> Iterator[str]:
    bare = _QUOTED.sub("''", text)
    calls = _INTRINSIC_CALL.findall(bare)
    for name in calls:
        if name not in INTRINSICS:
            yield f"{name} is not an intrinsic function"
    if not calls and not re.match(r"\$\$?(\.|\[|$)", bare):
        yield f"{text!r} is neither a path (it would start with $) nor an intrinsic function"
    if bare.count("(") != bare.count(")"):
        yield f"{text!r} has unbalanced parentheses"
    if _UNPORTABLE_PATH.search(bare):
        yield f"{text!r} uses a filter, a slice or a descent, which not every engine evaluates alike"


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Walk a document: every text in it with the path of its field."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for field, each in value.items():
            yield from _texts(each, f"{path}.{field}" if path else field)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _texts(each, f"{path}[{index}]")


def _closure(start: Sequence[str], arrows: Mapping[str, Sequence[str]]) -> set[str]:
    """Return everything that the arrows lead to from ``start``, itself included."""
    seen: set[str] = set()
    ahead = list(start)
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead.extend(arrows.get(name, ()))
    return seen


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def main(directory: Path = DIRECTORY) -> int:
    """Check every definition of a directory, write the findings, and return the exit code."""
    files = sorted(directory.glob("*.asl.json"))
    findings = [finding for path in files for finding in lint_file(path)]
    for finding in findings:
        sys.stdout.write(f"{finding}\n")
    sys.stdout.write(f"workflows: {len(files)} state machines, {len(findings)} findings\n")
    return 1 if findings or not files else 0


if __name__ == "__main__":
    sys.exit(main())
