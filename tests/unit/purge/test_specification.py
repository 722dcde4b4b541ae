"""What the specification of `purge` grants."""

from tests.fakes.stage import granted


def test_purge_invalidates_the_one_distribution():
    assert granted("purge") == {"cloudfront:CreateInvalidation Distribution.Arn"}
