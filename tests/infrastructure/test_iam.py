"""The templates' IAM policies by another reader: parliament knows every action, its resources and conditions."""

import json
import subprocess
import sys

import pytest

READER = """
import json, sys
import parliament
for name, policy in json.load(sys.stdin):
    for each in parliament.analyze_policy_string(json.dumps(policy)).findings:
        print(json.dumps([name, each.issue, str(each.detail), str(each.location)]))
"""
ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:eu-central-1:123456789012:table/records",
    "AWS::Events::EventBus": "arn:aws:events:eu-central-1:123456789012:event-bus/bus",
    "AWS::KMS::Key": "arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111",
    "AWS::Lambda::Function": "arn:aws:lambda:eu-central-1:123456789012:function:name",
    "AWS::Logs::LogGroup": "arn:aws:logs:eu-central-1:123456789012:log-group:name:*",
    "AWS::S3::Bucket": "arn:aws:s3:::bucket",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:name-abcdef",
    "AWS::SNS::Topic": "arn:aws:sns:eu-central-1:123456789012:topic",
    "AWS::SQS::Queue": "arn:aws:sqs:eu-central-1:123456789012:queue",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:eu-central-1:123456789012:stateMachine:name",
    "AWS::WAFv2::RegexPatternSet": "arn:aws:wafv2:eu-central-1:123456789012:regional/regexpatternset/name/1",
}
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::URLSuffix": "amazonaws.com",
}


EITHER_IS_ENOUGH = "'states:DescribeExecution', 'required_format': 'arn:*:states:*:*:express:"
"""An execution's ARN is a standard or an express one. Parliament requires both, AWS the one of the call."""


def policies(template):
    """Return every policy of a role with its logical id, references written as ARNs of the right kind."""
    resources = template["Resources"]
    for logical_id, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Policy":
            yield logical_id, written(resource["Properties"]["PolicyDocument"], resources)
        for inline in resource.get("Properties", {}).get("Policies", []) if "Role" in resource["Type"] else []:
            yield logical_id, written(inline["PolicyDocument"], resources)


def written(value, resources):
    if isinstance(value, list):
        return [written(each, resources) for each in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return separator.join(written(parts, resources))
    if value.keys() & {"Ref", "Fn::GetAtt"}:
        name = value.get("Ref") or value["Fn::GetAtt"][0]
        return PSEUDO.get(name) or ARNS.get(resources[name]["Type"], name)
    if value.keys() & {"Fn::ImportValue", "Fn::Select", "Fn::Split"}:
        return "part"
    return {key: written(each, resources) for key, each in value.items()}


def findings(named_policies):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READER],
        input=json.dumps(named_policies),
        capture_output=True,
        text=True,
        check=True,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [each for each in found if EITHER_IS_ENOUGH not in each[2]]


@pytest.mark.parametrize("name", ["dev", "options"])
def test_every_action_exists_and_fits_its_resource(stage, name):
    found = [*policies(stage(name).pipeline), *policies(stage(name).edge)]

    assert found
    assert findings(found) == []


@pytest.mark.parametrize(
    ("action", "resource", "issue"),
    [
        ("s3:GetObjct", "*", "UNKNOWN_ACTION"),
        ("s3:GetObject", ARNS["AWS::S3::Bucket"], "RESOURCE_MISMATCH"),
        ("cloudfront:CreateInvalidation", ARNS["AWS::SQS::Queue"], "RESOURCE_MISMATCH"),
    ],
)
def test_the_error_names_the_problem(action, resource, issue):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}

    ((_, found, *_rest),) = findings([("planted", {"Version": "2012-10-17", "Statement": [statement]})])

    assert found == issue
