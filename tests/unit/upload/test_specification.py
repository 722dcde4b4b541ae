"""What the specification of `upload` grants."""

from tests.fakes.stage import granted


def test_upload_writes_originals_and_records_and_deletes_no_image():
    assert granted("upload") == {
        "s3:PutObject Originals.Arn/uploads/*",
        "dynamodb:PutItem Records.Arn",
        "dynamodb:GetItem Records.Arn where dynamodb:LeadingKeys IMAGE#*",
        "dynamodb:UpdateItem Records.Arn where dynamodb:LeadingKeys idempotency#*",
        "dynamodb:DeleteItem Records.Arn where dynamodb:LeadingKeys idempotency#*",
    }
