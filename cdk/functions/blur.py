"""The function `blur`: replaces staged files with blurred ones if the policy says so."""

from typing import Final

from cdk.specification import IMAGE_KEYS, FunctionSpecification, Grant, Package, PipelineResources, Size, allow


def environment(stage: PipelineResources) -> dict[str, str]:
    """Return the staging bucket and the stage's blur."""
    return {"STAGING_BUCKET": stage.storage.staging.bucket_name, "BLUR": stage.config.blur_name}


def grants(stage: PipelineResources) -> list[Grant]:
    """Return the grants to read and write staged files."""
    return [allow("s3:GetObject", "s3:PutObject", on=stage.storage.staging.arn_for_objects("*"), reason=IMAGE_KEYS)]


SPECIFICATION: Final = FunctionSpecification(
    name="blur",
    package=Package("blur", imports=("imaging",), lock="functions-imaging.txt", budget_mib=9),
    size=Size(memory_mb=2400, timeout_seconds=60),
    environment=environment,
    grants=grants,
    writes_files=True,
)
