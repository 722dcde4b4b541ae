"""What the specification of `moderate` grants."""

from tests.fakes.stage import granted


def test_moderate_reads_records_policies_and_views_and_calls_rekognition():
    assert granted("moderate") == {
        "dynamodb:GetItem Records.Arn",
        "dynamodb:BatchGetItem Records.Arn",
        "s3:GetObject Staging.Arn/*",
        "rekognition:DetectModerationLabels *",
    }
