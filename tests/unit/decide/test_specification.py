"""What the specification of `decide` grants."""

from cdk.functions import SPECIFICATIONS
from tests.fakes.stage import granted


def test_decide_changes_records_and_deletes_only_what_can_be_generated_again():
    assert granted("decide") == {
        "dynamodb:GetItem Records.Arn",
        "dynamodb:PutItem Records.Arn",
        "dynamodb:UpdateItem Records.Arn",
        "s3:DeleteObject Generated.Arn/images/*",
        "s3:ListBucket Generated.Arn",
        "events:PutEvents Bus.Arn",
    }


def test_decide_starts_retirements_and_ends_before_they_delete_anything():
    specification = SPECIFICATIONS["decide"]

    assert specification.starts == ("retire",)
    assert specification.size.timeout_seconds < 58  # the wait of `retire` at a stage with the default time limits
