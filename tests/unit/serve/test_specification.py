"""What the specification of `serve` and `prewarm` grants."""

from tests.fakes.stage import granted


def test_serve_reads_published_files_and_keeps_variants():
    assert granted("serve") == {
        "s3:GetObject Published.Arn/*",
        "s3:GetObject Generated.Arn/images/*",
        "s3:PutObject Generated.Arn/images/*",
        "s3:DeleteObject Generated.Arn/images/*",
        "dynamodb:GetItem Records.Arn",
    }


def test_prewarm_may_do_what_serve_may():
    assert granted("prewarm") == granted("serve")
