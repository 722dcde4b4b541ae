"""What the specification of `manage` grants."""

from cdk.functions import SPECIFICATIONS
from tests.fakes.stage import granted


def test_manage_changes_records_keeps_originals_and_deletes_only_what_can_be_generated_again():
    assert granted("manage") == {
        "dynamodb:GetItem Records.Arn",
        "dynamodb:Query Records.Arn",
        "dynamodb:PutItem Records.Arn",
        "dynamodb:UpdateItem Records.Arn",
        "dynamodb:DeleteItem Records.Arn",
        "dynamodb:BatchGetItem Records.Arn",
        "dynamodb:Query Records.Arn/index/by_selector",
        "s3:ListBucketVersions Originals.Arn",
        "s3:PutBucketObjectLockConfiguration Originals.Arn",
        "s3:PutObjectLegalHold Originals.Arn/uploads/*",
        "s3:DeleteObject Generated.Arn/images/*",
        "s3:ListBucket Generated.Arn",
        "events:PutEvents Bus.Arn",
    }


def test_manage_starts_removals_and_retirements_and_describes_removals():
    assert SPECIFICATIONS["manage"].starts == ("remove", "retire")
    assert SPECIFICATIONS["manage"].describes == ("remove",)
