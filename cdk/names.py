"""Names that must not change: the logical ids of stateful resources, and the outputs that people and tools read.

CloudFormation replaces a resource whose logical id changes, and a logical id follows the path of constructs. Pinning
the ids of stateful resources here lets constructs move and be renamed without a bucket or a table being replaced.
"""

from typing import Final

from functions.shared.keys import CACHE_TAG, METRICS_NAMESPACE

PROJECT: Final = "ImageScaler"

ORIGINALS_BUCKET: Final = "Originals"
STAGING_BUCKET: Final = "Staging"
PUBLISHED_BUCKET: Final = "Published"
GENERATED_BUCKET: Final = "Generated"
REPORTS_BUCKET: Final = "Reports"
RECORDS_TABLE: Final = "Records"
DATA_KEY: Final = "DataKey"
DISTRIBUTION: Final = "Distribution"
EDGE_LOGS_BUCKET: Final = "EdgeAccessLogs"
ACCEPTED_ORIGIN_VALUES: Final = "AcceptedOriginValues"

REJUDGE_ITEMS: Final = "RejudgeItems"
"""The policy with which the state machine `rejudge` runs the items of its Maps."""

API_STAGE: Final = "live"
"""The API's stage, the first segment of its own URLs; the edge hides it."""

CACHE_TAG_HEADER: Final = f"x-amz-meta-{CACHE_TAG}"
"""The header with the image of a response, for invalidations. S3 sends an object's metadata under such names, so one
header works for both origins."""

ORIGIN_VERIFY_HEADER: Final = "X-Origin-Verify"
"""The header with the origin's secret that WAF checks; a rotation changes it."""

ORIGIN_DEPLOYED_HEADER: Final = "X-Origin-Deployed"
"""A header with the same reference that no rotation changes. It holds the value that CloudFormation wrote last, and may
write again if it does not resolve the reference again. WAF continues to accept that value."""


def stack_name(stage: str, stack: str) -> str:
    """Return the id and name of a stack of a stage, for example ImageScaler-dev-Pipeline."""
    return f"{PROJECT}-{stage}-{stack}"


def origin_secret_name(stage: str) -> str:
    """Return the name of WAF's accepted values of the origin's secret."""
    return stack_name(stage, "OriginSecret")


def metrics_namespace(stage: str) -> str:
    """Return the namespace of a stage's own metrics; another stage in the account has another one."""
    return f"{METRICS_NAMESPACE}/{stage}"


def firewall_name(stage: str) -> str:
    """Return the name of the API's firewall, which is also the name of its metrics."""
    return stack_name(stage, "Api")


def function_output(function: str) -> str:
    """Return the name of the output with a function's physical name, for example OptimizeFunctionName."""
    return f"{function.capitalize()}FunctionName"


def webhook_parameter(webhook: str) -> str:
    """Return the name of the parameter with a webhook's URL on the emulator, for example WebhookReceiverUrl."""
    return f"Webhook{webhook.capitalize()}Url"


def webhook_output(webhook: str) -> str:
    """Return the name of the output with the ARN of a webhook's secret, for example WebhookReceiverSecretArn."""
    return f"Webhook{webhook.capitalize()}SecretArn"
