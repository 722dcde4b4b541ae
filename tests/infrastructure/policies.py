"""IAM policies of a template as flat sets of "action resource", with logical ids instead of intrinsic functions.

A statement's conditions follow as "action resource where key value".
"""

from typing import Any

from tests.infrastructure.conftest import Synthesized

CONSUMING = {
    f"sqs:{action}"
    for action in (
        "ReceiveMessage",
        "ChangeMessageVisibility",
        "GetQueueUrl",
        "DeleteMessage",
        "GetQueueAttributes",
    )
}
"""What Lambda's poller does to a queue with the rights of the function."""


def grants_of_role(stage: Synthesized, role_id: str) -> set[str]:
    """Return everything that the policies attached to a role allow, one "action resource" each."""
    return {
        grant
        for policy in stage.properties("AWS::IAM::Policy")
        if {"Ref": role_id} in policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]
        for grant in _grants(statement)
    }


def role_of(resource: dict[str, Any]) -> str:
    """Return the logical id of the role that a function, a state machine or a rule's target works with."""
    reference = resource.get("Role") or resource["RoleArn"]
    logical_id, attribute = reference["Fn::GetAtt"]
    assert attribute == "Arn"
    return str(logical_id)


def text_of(value: Any) -> str:
    """Return a template's value as text: "Staging.Arn/*" for a join of an attribute and a literal."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Fn::GetAtt":
        return ".".join(argument)
    if function == "Ref":
        return str(argument)
    if function == "Fn::Join":
        separator, parts = argument
        return str(separator.join(text_of(part) for part in parts))
    raise AssertionError(f"no text for {value}")


def _grants(statement: dict[str, Any]) -> set[str]:
    assert statement["Effect"] == "Allow"
    keys = [
        f" where {name} {value}"
        for condition in statement.get("Condition", {}).values()
        for name, values in condition.items()
        for value in _listed(values)
    ]
    return {
        f"{action} {text_of(resource)}{''.join(keys)}"
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
