"""What the specification of `rotate` grants."""

from tests.fakes.stage import granted


def test_rotate_changes_the_secret_the_distribution_and_the_accepted_values():
    assert granted("rotate") == {
        "cloudfront:GetDistribution Distribution.Arn",
        "cloudfront:GetDistributionConfig Distribution.Arn",
        "cloudfront:UpdateDistribution Distribution.Arn",
        "secretsmanager:DescribeSecret Secret",
        "secretsmanager:GetSecretValue Secret",
        "secretsmanager:PutSecretValue Secret",
        "secretsmanager:UpdateSecretVersionStage Secret",
        "secretsmanager:GetRandomPassword *",
        "wafv2:GetRegexPatternSet Values.Arn",
        "wafv2:UpdateRegexPatternSet Values.Arn",
    }
