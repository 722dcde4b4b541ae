"""What the specification of `persist` grants."""

from cdk.functions import SPECIFICATIONS
from tests.fakes.stage import granted


def test_persist_publishes_what_is_staged_and_deletes_no_original():
    assert granted("persist") == {
        "s3:GetObject Staging.Arn/*",
        "s3:DeleteObject Staging.Arn/*",
        "s3:ListBucket Staging.Arn",
        "s3:PutObject Published.Arn/*",
        "s3:DeleteObject Published.Arn/*",
        "s3:ListBucket Published.Arn",
        "s3:DeleteObject Generated.Arn/images/*",
        "s3:ListBucket Generated.Arn",
        "dynamodb:GetItem Records.Arn",
        "dynamodb:PutItem Records.Arn",
        "dynamodb:UpdateItem Records.Arn",
        "events:PutEvents Bus.Arn",
    }


def test_persist_starts_retirements_and_nothing_else():
    assert (SPECIFICATIONS["persist"].starts, SPECIFICATIONS["persist"].describes) == (("retire",), ())
