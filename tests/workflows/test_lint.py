"""The lint of the state machines: the definitions pass, and each rule finds a definition that breaks it."""

import json
from copy import deepcopy

import pytest

from workflows import lint

ERROR_CLASSES = frozenset({"ContractError", "ThrottledError", "TransientDependencyError"})
ONCE, OFTEN = {"MaxAttempts": 1}, {"MaxAttempts": 4}
KINDS = list(lint.LAMBDA_FAULTS)
RETRIERS = [
    {
        "ErrorEquals": sorted(names),
        **(lint.PATIENCE if kind == "throttling" else ONCE if kind in lint.RETRIED_ONCE else OFTEN),
    }
    for kind, names in lint.LAMBDA_FAULTS.items()
]
THROTTLING, OUTAGE = (f"Retry.{KINDS.index(kind)}" for kind in ("throttling", "outage"))
GOOD = {
    "StartAt": "Describe",
    "TimeoutSeconds": 60,
    "States": {
        "Describe": {
            "Type": "Pass",
            "Parameters": {"id.$": "States.ArrayGetItem(States.StringSplit($.key, '/'), 1)"},
            "Next": "Work",
        },
        "Work": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "${FunctionArn}", "Payload": {"at.$": "$$.State.EnteredTime"}},
            "ResultSelector": {"outcome.$": "$.Payload.outcome"},
            "TimeoutSeconds": 10,
            "Retry": [*RETRIERS, {"ErrorEquals": ["States.ALL"]}],
            "Catch": [
                {"ErrorEquals": ["ContractError"], "Next": "Done"},
                {"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Failed"},
            ],
            "Next": "WhatCame",
        },
        "WhatCame": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.outcome", "StringEquals": "good", "Next": "Done"}],
            "Default": "Failed",
        },
        "Done": {"Type": "Succeed"},
        "Failed": {"Type": "Fail", "ErrorPath": "$.failure.Error", "CausePath": "$.failure.Cause"},
    },
}  # fmt: skip
"""A definition that breaks no rule."""

REMOVED = object()


def broken(path, value):
    """Return the valid definition with the value at a dotted path replaced or removed."""
    document = deepcopy(GOOD)
    *way, last = (int(name) if name.isdigit() else name for name in path.split("."))
    place = document
    for name in way:
        place = place[name]
    if value is REMOVED:
        del place[last]
    else:
        place[last] = value
    return document


def findings(document, *, substitutions=frozenset({"FunctionArn"})):
    text = document if isinstance(document, str) else json.dumps(document)
    return lint.lint_text(text, file="broken.asl.json", substitutions=substitutions, error_classes=ERROR_CLASSES)


def test_a_good_definition_has_no_findings():
    assert findings(GOOD) == []


@pytest.mark.parametrize("file", sorted(lint.SUBSTITUTIONS))
def test_the_deployed_definitions_have_no_findings(file):
    assert lint.lint_file(lint.DIRECTORY / file) == []


def test_every_definition_is_known_to_the_lint():
    assert {path.name for path in lint.DIRECTORY.glob("*.asl.json")} == set(lint.SUBSTITUTIONS)


TASK = "States.Work"
BROKEN = [
    ("json", "", "States", {}, "a States object that is not empty"),
    ("names", "Größe", "States.Größe", {"Type": "Succeed"}, "ASCII"),
    ("names", "N" * 81, f"States.{'N' * 81}", {"Type": "Succeed"}, "at most 80 characters; this one has 81"),
    ("machine-timeout", "", "TimeoutSeconds", REMOVED, "no TimeoutSeconds"),
    ("transition", "", "StartAt", "Nowhere", "StartAt names Nowhere"),
    ("transition", "Work", f"{TASK}.Next", "Nowhere", "Next names Nowhere"),
    ("transition", "Work", f"{TASK}.Catch.1.Next", "Nowhere", "Catch[1].Next names Nowhere"),
    ("transition", "WhatCame", "States.WhatCame.Choices.0.Next", "Nowhere", "Choices[0].Next names Nowhere"),
    ("transition", "WhatCame", "States.WhatCame.Default", "Nowhere", "Default names Nowhere"),
    ("transition", "Work", f"{TASK}.Next", REMOVED, "this one has neither"),
    ("transition", "Work", f"{TASK}.End", True, "Next and End"),
    ("transition", "Done", "States.Done.Next", "Failed", "a Succeed has no Next"),
    ("reachable", "Island", "States.Island", {"Type": "Succeed"}, "no path leads here from Describe"),
    ("terminal", "Describe", "States.Describe.Next", "Describe", "no path leads from here to an end"),
    ("task-retry", "Work", f"{TASK}.Retry", REMOVED, "needs Retry"),
    ("task-retry", "Work", f"{TASK}.Retry", [], "needs Retry"),
    ("task-catch", "Work", f"{TASK}.Catch", REMOVED, "needs Catch"),
    ("task-catch", "Work", f"{TASK}.Catch.1", REMOVED, "must catch States.ALL"),
    ("task-timeout", "Work", f"{TASK}.TimeoutSeconds", REMOVED, "needs TimeoutSeconds"),
    ("lambda-retry", "Work", f"{TASK}.Retry", RETRIERS[1:], "service fault needs one Retry entry"),
    ("lambda-retry", "Work", f"{TASK}.Retry.1.MaxAttempts", 2, "crash is repeated once; MaxAttempts is 2"),
    ("lambda-retry", "Work", f"{TASK}.Retry.2.MaxAttempts", 0, "timeout is repeated once; MaxAttempts is 0"),
    ("lambda-retry", "Work", f"{TASK}.{OUTAGE}.MaxAttempts", 1, "outage is repeated more than once"),
    ("lambda-retry", "Work", f"{TASK}.Retry.1.ErrorEquals", ["Lambda.Unknown"], "crash needs one Retry entry"),
    ("lambda-retry", "Work", f"{TASK}.{THROTTLING}.ErrorEquals", ["Lambda.Unknown"],
     "throttling needs one Retry entry"),
    ("patience", "Work", f"{TASK}.{THROTTLING}.MaxAttempts", 599, "throttling needs a Retry entry with"),
    ("patience", "Work", f"{TASK}.{THROTTLING}.JitterStrategy", REMOVED, "'JitterStrategy': 'FULL'"),
    ("patience", "Work", f"{TASK}.Resource", "arn:aws:states:::dynamodb:getItem", "DynamoDB.ThrottlingException"),
    ("patience", "Work", f"{TASK}.Resource", "arn:aws:states:::sns:publish", "is not in THROTTLING"),
    ("states-all", "Work", f"{TASK}.Retry.0.ErrorEquals", ["States.ALL"], "Retry[0]: States.ALL must stand alone"),
    ("states-all", "Work", f"{TASK}.Catch.1.ErrorEquals", ["ContractError", "States.ALL"], "Catch[1]"),
    ("choice-default", "WhatCame", "States.WhatCame.Default", REMOVED, "needs Default"),
    ("error-name", "Work", f"{TASK}.Retry.0.ErrorEquals.1", "TransientError", "functions/shared/errors.py"),
    ("error-name", "Work", f"{TASK}.Catch.0.ErrorEquals.0", "States.TimedOut", "the errors that the language reserves"),
    ("error-name", "Work", f"{TASK}.Catch.0.ErrorEquals", [], "Catch[0] has no ErrorEquals"),
    ("error-name", "Failed", "States.Failed", {"Type": "Fail", "Error": "Oops", "Cause": "…"}, "Oops is not among"),
    ("substitution", "", f"{TASK}.Parameters.FunctionName", "${FunctionARN}", "${FunctionARN} is filled in by nothing"),
    ("substitution", "", f"{TASK}.Parameters.FunctionName", "f", "${FunctionArn}, which the definition does not use"),
    ("query-language", "", "QueryLanguage", "JSONata", "QueryLanguage is JSONata"),
    ("query-language", "Work", f"{TASK}.QueryLanguage", "JSONata", "QueryLanguage is JSONata"),
    ("query-language", "Work", f"{TASK}.Assign", {"x": 1}, "Assign is a field of JSONata"),
    ("query-language", "Work", f"{TASK}.Parameters.FunctionName", "{% $f %}", "{% %} is JSONata"),
    ("jsonpath", "Work", f"{TASK}.ResultSelector", {"outcome.$": "Payload.outcome"}, "would start with $"),
    ("jsonpath", "Work", f"{TASK}.ResultSelector", {"outcome.$": "$..outcome"}, "a descent"),
    ("jsonpath", "Work", f"{TASK}.ResultSelector", {"outcome.$": "$.all[?(@.x==1)]"}, "a filter"),
    ("jsonpath", "Work", f"{TASK}.ResultSelector", {"outcome.$": "$.all[0:2]"}, "a slice"),
    ("jsonpath", "Describe", "States.Describe.Parameters", {"x.$": "States.Upper($.x)"}, "is not an intrinsic"),
    ("jsonpath", "Describe", "States.Describe.Parameters", {"x.$": "States.Format('{}', $.x"}, "unbalanced"),
    ("jsonpath", "Failed", "States.Failed.ErrorPath", "failure.Error", "would start with $"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "state", "path", "value", "message"), BROKEN)
def test_a_broken_definition_is_found_by_its_rule_at_its_state(rule, state, path, value, message):
    found = [finding for finding in findings(broken(path, value)) if finding.rule == rule and finding.state == state]

    assert found
    assert message in found[0].message


@pytest.mark.parametrize("file", sorted(lint.ROUNDS))
def test_a_machine_that_comes_back_by_itself_needs_no_patience(file):
    document = broken(f"{TASK}.{THROTTLING}.MaxAttempts", 6)
    substitutions = frozenset({"FunctionArn"})

    found = lint.lint_text(json.dumps(document), file=file, substitutions=substitutions, error_classes=ERROR_CLASSES)

    assert found == []


def test_a_file_that_is_not_json_is_found():
    (finding,) = findings('{"StartAt": "Describe",}')

    assert finding.rule == "json"
    assert "line 1 column" in finding.message


def test_a_duplicate_state_is_found():
    text = json.dumps(GOOD).replace('"Done":', '"Failed": {"Type": "Succeed"}, "Done":')

    assert [finding.message for finding in findings(text) if finding.rule == "names"] == [
        "Failed stands twice in one object; the first one is lost"
    ]


def test_every_rule_that_the_lint_names_has_a_broken_definition():
    named = {name for name, gap, _ in (line.partition("  ") for line in lint.__doc__.splitlines()) if name and gap}

    assert named == {rule for rule, *_ in BROKEN}


def test_a_finding_is_one_line_with_file_state_and_rule():
    (finding,) = findings(broken(f"{TASK}.TimeoutSeconds", REMOVED))

    assert str(finding).startswith("broken.asl.json: Work: [task-timeout] a Task needs TimeoutSeconds")
    assert "\n" not in str(finding)


def test_the_errors_that_are_known_are_the_classes_of_the_projects_errors():
    classes = lint.error_classes(lint.ERRORS)

    assert {"TransientDependencyError", "ThrottledError", "ContractError"} <= classes


def test_the_command_fails_on_a_finding_and_prints_findings_and_their_number(tmp_path, capsys):
    (tmp_path / "mine.asl.json").write_text(json.dumps(broken("TimeoutSeconds", REMOVED)))

    code = lint.main(tmp_path)

    lines = capsys.readouterr().out.splitlines()
    assert code == 1
    assert any(line.startswith("mine.asl.json: [machine-timeout]") for line in lines)
    assert lines[-1] == f"workflows: 1 state machines, {len(lines) - 1} findings"


def test_the_command_fails_where_there_is_nothing_to_check(tmp_path):
    assert lint.main(tmp_path) == 1


def test_the_command_passes_on_the_deployed_definitions(capsys):
    assert lint.main() == 0
    assert capsys.readouterr().out == "workflows: 6 state machines, 0 findings\n"


def in_a_map(definition):
    """Return a definition whose Map runs another one for each of its items."""
    items = {name: definition[name] for name in ("StartAt", "States")}
    states = {"Each": {"Type": "Map", "ItemProcessor": items, "End": True}}
    return {"StartAt": "Each", "TimeoutSeconds": 60, "States": states}


def test_a_definition_with_a_map_has_no_findings():
    assert findings(in_a_map(GOOD)) == []


@pytest.mark.parametrize(("path", "value", "rule"), [
    ("States.Work.Retry", REMOVED, "task-retry"),
    ("States.Work.Next", "Nowhere", "transition"),
    ("States.WhatCame.Default", REMOVED, "choice-default"),
    (f"States.Work.{THROTTLING}.MaxAttempts", 599, "patience"),
])  # fmt: skip
def test_the_rules_hold_for_what_the_items_of_a_map_run(path, value, rule):
    (first, *_) = findings(in_a_map(broken(path, value)))

    assert first.rule == rule


def test_a_name_of_a_state_occurs_once_in_a_state_machine():
    definition = in_a_map(GOOD)
    definition["States"]["Done"] = {"Type": "Succeed"}
    definition["States"]["Each"] |= {"Next": "Done"}
    del definition["States"]["Each"]["End"]

    (finding,) = findings(definition)

    assert (finding.state, finding.rule) == ("Done", "names")
