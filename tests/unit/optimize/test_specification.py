"""What the specification of `optimize` grants."""

from tests.fakes.stage import granted


def test_optimize_reads_and_tags_originals_and_writes_to_staging():
    assert granted("optimize") == {
        "s3:GetObject Originals.Arn/uploads/*",
        "s3:GetObjectVersion Originals.Arn/uploads/*",
        "s3:PutObjectVersionTagging Originals.Arn/uploads/*",
        "s3:PutObject Staging.Arn/*",
    }
