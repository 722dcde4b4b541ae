"""What the specifications of functions that store variants grant."""

import pytest

from tests.fakes.stage import granted


def test_serve_reads_published_files_and_keeps_variants():
    assert granted("serve") == {
        "s3:GetObject Published.Arn/*",
        "s3:GetObject Generated.Arn/images/*",
        "s3:PutObject Generated.Arn/images/*",
        "s3:DeleteObject Generated.Arn/images/*",
        "dynamodb:GetItem Records.Arn",
    }


@pytest.mark.parametrize("name", ["prewarm", "refine"])
def test_functions_that_store_variants_may_do_what_serve_may(name):
    assert granted(name) == granted("serve")
