"""What is changed in the template before the emulator gets it."""

import copy

from local.edge.deployment import with_other_resources

OLD, NEW = "arn:aws:wafv2:us-east-1:1:regional/regexpatternset/a/1", "arn:aws:wafv2:us-east-1:1:regional/webacl/a/*"


def policy(*resources):
    statements = [{"Effect": "Allow", "Action": ["wafv2:*"], "Resource": each} for each in resources]
    return {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": {"Statement": statements}, "PolicyName": OLD}}


def test_statements_name_the_other_resource_and_nothing_else_of_the_policy_changes():
    reference = {"Fn::GetAtt": ["Queue", "Arn"]}

    changed = with_other_resources(policy(OLD, [OLD, "*", reference], reference, f"{OLD}2"), {OLD: NEW})

    assert changed == policy(NEW, [NEW, "*", reference], reference, f"{OLD}2")


def test_the_policy_that_was_given_stays_as_it_is():
    given = policy(OLD)
    before = copy.deepcopy(given)

    with_other_resources(given, {OLD: NEW})

    assert given == before
