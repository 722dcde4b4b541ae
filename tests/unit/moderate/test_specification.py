"""What the specification of `moderate` grants."""

from tests.fakes.stage import granted


def test_moderate_reads_views_and_calls_rekognition():
    assert granted("moderate") == {
        "s3:GetObject Staging.Arn/*",
        "rekognition:DetectModerationLabels *",
    }
