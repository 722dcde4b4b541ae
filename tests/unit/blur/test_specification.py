"""What the specification of `blur` grants."""

from tests.fakes.stage import granted


def test_blur_reads_and_writes_staged_files():
    assert granted("blur") == {
        "s3:GetObject Staging.Arn/*",
        "s3:PutObject Staging.Arn/*",
    }
