"""What the specification of `remove` grants."""

from tests.fakes.stage import granted


def test_remove_finds_and_deletes_files_and_reads_only_variants():
    assert granted("remove") == {
        "s3:DeleteObject Originals.Arn/uploads/*",
        "s3:DeleteObjectVersion Originals.Arn/uploads/*",
        "s3:ListBucketVersions Originals.Arn",
        "s3:DeleteObject Staging.Arn/*",
        "s3:ListBucket Staging.Arn",
        "s3:DeleteObject Published.Arn/*",
        "s3:ListBucket Published.Arn",
        "s3:GetObject Generated.Arn/images/*",
        "s3:DeleteObject Generated.Arn/images/*",
        "s3:ListBucket Generated.Arn",
        "dynamodb:GetItem Records.Arn",
        "dynamodb:Query Records.Arn",
        "dynamodb:UpdateItem Records.Arn",
        "dynamodb:BatchWriteItem Records.Arn",
    }
