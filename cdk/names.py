"""Names that must not change: the logical ids of what holds data, and the outputs that people and tools read.

CloudFormation replaces a resource whose logical id changes, and a logical id follows the path of constructs. Pinning
the ids of stateful resources here lets constructs move and be renamed without a bucket or a table being replaced.
"""

from typing import Final

PROJECT: Final = "ImageScaler"

ORIGINALS_BUCKET: Final = "Originals"
STAGING_BUCKET: Final = "Staging"
PUBLISHED_BUCKET: Final = "Published"
GENERATED_BUCKET: Final = "Generated"
RECORDS_TABLE: Final = "Records"
DATA_KEY: Final = "DataKey"
DISTRIBUTION: Final = "Distribution"
EDGE_LOGS_BUCKET: Final = "EdgeAccessLogs"
ACCEPTED_ORIGIN_VALUES: Final = "AcceptedOriginValues"

STATEFUL_LOGICAL_IDS: Final = frozenset(
    {ORIGINALS_BUCKET, STAGING_BUCKET, PUBLISHED_BUCKET, GENERATED_BUCKET, RECORDS_TABLE}
)
"""Never replaced, renamed or dropped by an upgrade, at any stage."""

FUNCTIONS: Final = ("optimize", "moderate", "blur", "persist", "serve", "upload", "manage", "remove")
"""The functions of the Pipeline stack, by the names of their packages."""

PREWARM: Final = "prewarm"
"""A second entry point of the package `serve`, and a function of its own where delivery is v2."""

EDGE_FUNCTIONS: Final = ("purge", "rotate")
"""The functions of the Edge stack."""

EDGE_STATEFUL_LOGICAL_IDS: Final = frozenset({DISTRIBUTION, EDGE_LOGS_BUCKET})
"""Of the Edge stack: a new distribution has another address, and DNS and signed URLs still name the old one."""

API_STAGE: Final = "live"
"""The API's stage, the first segment of its own URLs; the edge hides it."""

CACHE_TAG_HEADER: Final = "x-amz-meta-cache-tag"
"""Names the image of an answer, for invalidations. S3 sends an object's metadata under such names, so that one header
serves both origins; a test holds it against the functions' own."""

METRICS_NAMESPACE: Final = "ImageScaler"
EVENT_SOURCE: Final = "image-scaler"


def stack_name(stage: str, stack: str) -> str:
    """Return the id and name of a stack of a stage, for example ImageScaler-dev-Pipeline."""
    return f"{PROJECT}-{stage}-{stack}"


def package_of(function: str) -> str:
    """Return the name of the package, and so of the zip, that a function runs from."""
    return "serve" if function == PREWARM else function


def handler_of(function: str) -> str:
    """Return the dotted path of a function's Lambda handler."""
    module = PREWARM if function == PREWARM else "handler"
    return f"functions.{package_of(function)}.{module}.lambda_handler"


def function_output(function: str) -> str:
    """Return the name of the output that tells a function's physical name, for example OptimizeFunctionName."""
    return f"{function.capitalize()}FunctionName"
