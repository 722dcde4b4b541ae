"""What the specification of `policies` grants."""

from tests.fakes.stage import granted


def test_policies_reads_and_writes_policies_and_no_image_and_reads_reports():
    actions = ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")

    assert granted("policies") == {
        *(f"dynamodb:{action} Records.Arn where dynamodb:LeadingKeys POLICY*" for action in actions),
        "s3:GetObject Reports.Arn/manifests/*",
        "s3:GetObject Reports.Arn/rejudgements/*",
        "s3:PutObject Reports.Arn/rejudgements/*",
        "s3:ListBucket Reports.Arn",
    }
