"""What the specification of `policies` grants."""

from tests.fakes.stage import granted


def test_policies_reads_and_writes_policies_and_no_image():
    actions = ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")

    assert granted("policies") == {
        f"dynamodb:{action} Records.Arn where dynamodb:LeadingKeys POLICY*" for action in actions
    }
