"""The function `moderate`: sends the views of a picture to Rekognition and applies the policy."""

from typing import Final

from cdk.specification import (
    IMAGE_KEYS,
    NO_RESOURCES,
    FunctionSpecification,
    Grant,
    Package,
    PipelineResources,
    Size,
    allow,
)
from functions.shared.options import DetectorName


def environment(stage: PipelineResources) -> dict[str, str]:
    """Return the bucket that holds the views, the table, and what judges them if not Rekognition's own model."""
    detector, adapter = stage.config.detector, stage.config.rekognition_adapter
    return {
        "STAGING_BUCKET": stage.storage.staging.bucket_name,
        "TABLE_NAME": stage.table.table_name,
        **({} if detector is DetectorName.REKOGNITION else {"DETECTOR": detector.value}),
        **({"REKOGNITION_ADAPTER": adapter} if adapter else {}),
    }


def grants(stage: PipelineResources) -> list[Grant]:
    """Return the grants to read records and policies, and to moderate views.

    Rekognition reads the views from S3 with the caller's permissions. A call that names an adapter is authorized on
    that adapter, any other call on no resource.
    """
    adapter = stage.config.rekognition_adapter
    detect = "rekognition:DetectModerationLabels"
    return [
        allow("dynamodb:GetItem", "dynamodb:BatchGetItem", on=stage.table.table_arn),
        allow("s3:GetObject", on=stage.storage.staging.arn_for_objects("*"), reason=IMAGE_KEYS),
        allow(detect, on=adapter) if adapter else allow(detect, on="*", reason=NO_RESOURCES),
    ]


SPECIFICATION: Final = FunctionSpecification(
    name="moderate",
    package=Package("moderate", imports=("policy", "records")),
    size=Size(memory_mb=256, timeout_seconds=60),
    environment=environment,
    grants=grants,
)
