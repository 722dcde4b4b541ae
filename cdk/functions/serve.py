"""The function `serve`: returns variants that the edge has not cached."""

import json
from typing import Final

from cdk.specification import (
    IMAGE_KEYS,
    FunctionAlarm,
    FunctionMetric,
    FunctionSpecification,
    Grant,
    Package,
    PipelineResources,
    Size,
    allow,
)

KEEP_FREED_MEMORY: Final = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024 * 1024),
    "MALLOC_TRIM_THRESHOLD_": str(128 * 1024 * 1024),
}
"""Environment variables of glibc, in bytes, which make malloc keep freed memory for the next request. Otherwise it
returns the memory to the kernel, which maps it again page by page. With them a noisy JPEG of 1600 px takes 19 ms
instead of 26. mallopt(3) documents both, and 32 MiB as the largest mmap threshold."""


def environment(stage: PipelineResources) -> dict[str, str]:
    """Return the variables for generating variants, on request or ahead of requests."""
    config = stage.config
    presets = json.dumps({name: dict(values) for name, values in config.presets.items()}, separators=(",", ":"))
    return {
        "PUBLISHED_BUCKET": stage.storage.published.bucket_name,
        "GENERATED_BUCKET": stage.storage.generated.bucket_name,
        "TABLE_NAME": stage.table.table_name,
        "DELIVERY": config.delivery,
        "REFINE": config.refines,
        "SIZES": config.sizes,
        "PRESETS": presets,
        "S_MAXAGE_SECONDS": str(config.shared_max_age_seconds),
        "MAX_AGE_SECONDS": str(config.browser_max_age_seconds),
    } | KEEP_FREED_MEMORY


def grants(stage: PipelineResources) -> list[Grant]:
    """Return the grants to read published files and records, and to store variants."""
    generated = stage.storage.generated.arn_for_objects("images/*")
    return [
        allow("s3:GetObject", on=stage.storage.published.arn_for_objects("*"), reason=IMAGE_KEYS),
        allow("s3:GetObject", "s3:PutObject", "s3:DeleteObject", on=generated, reason=IMAGE_KEYS),
        allow("dynamodb:GetItem", on=stage.table.table_arn),
    ]


SPECIFICATION: Final = FunctionSpecification(
    name="serve",
    package=Package("serve", imports=("imaging", "records", "variants"), lock="functions-imaging.txt", budget_mib=9),
    size=Size(memory_mb=1769, timeout_seconds=28),  # API Gateway waits 29 s
    environment=environment,
    grants=grants,
    answers_api=True,
    writes_files=True,
    alarms=(
        FunctionAlarm("ServeErrors", FunctionMetric.ERRORS, "The function serve raised errors", threshold=5),
        # A variant takes well under a second.
        FunctionAlarm("ServeSlow", FunctionMetric.DURATION_P95, "serve is slow (p95)", threshold=3_000, periods=3),
    ),
)
