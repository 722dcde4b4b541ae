"""What the specification of `survey` grants."""

from tests.fakes.stage import granted


def test_survey_reads_records_and_writes_only_reports_and_calls_no_detector():
    assert granted("survey") == {
        "dynamodb:BatchGetItem Records.Arn",
        "dynamodb:GetItem Records.Arn",
        "dynamodb:Query Records.Arn",
        "dynamodb:Query Records.Arn/index/by_day",
        *(
            f"s3:{action} Reports.Arn/{prefix}/*"
            for action in ("GetObject", "PutObject")
            for prefix in ("manifests", "rejudgements")
        ),
        "s3:ListBucket Reports.Arn",
    }
