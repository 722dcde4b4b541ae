"""The function `optimize`: decodes an original and writes all files derived from it to staging."""

from typing import Final

from cdk.specification import IMAGE_KEYS, FunctionSpecification, Grant, Package, PipelineResources, Size, allow


def environment(stage: PipelineResources) -> dict[str, str]:
    """Return the staging bucket, the limits on uploads and views, and the metadata to keep, if any."""
    config = stage.config
    kept = {"KEEP_METADATA": ",".join(config.keep_metadata)} if config.keep_metadata else {}
    return {
        "STAGING_BUCKET": stage.storage.staging.bucket_name,
        **config.limits.as_environment(),
        "MAX_MODERATION_VIEWS": str(config.max_moderation_views),
        **kept,
    }


def grants(stage: PipelineResources) -> list[Grant]:
    """Return the grants to read and tag originals and to write to staging."""
    uploads = stage.storage.originals.arn_for_objects("uploads/*")
    return [
        allow("s3:GetObject", "s3:GetObjectVersion", "s3:PutObjectVersionTagging", on=uploads, reason=IMAGE_KEYS),
        allow("s3:PutObject", on=stage.storage.staging.arn_for_objects("*"), reason=IMAGE_KEYS),
    ]


SPECIFICATION: Final = FunctionSpecification(
    name="optimize",
    package=Package("optimize", imports=("imaging",), lock="functions-optimize.txt", budget_mib=16),
    # It may hold three copies of a picture of 64 megapixels (decoded, upright, in sRGB) and its codec: docs/memory.md.
    size=Size(memory_mb=3008, timeout_seconds=120),
    environment=environment,
    grants=grants,
    writes_files=True,
)
