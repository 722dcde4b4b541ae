"""The logger and the metrics that every function shares.

Each line carries image_id (append it once the request is parsed), which joins upload, execution and serving:
S3 events bring no trace header along. Tracing itself is service-side (Lambda, API Gateway, Step Functions).
Nothing here ever logs bytes of a picture or a signed URL.
"""

from typing import Final

from aws_lambda_powertools import Logger, Metrics

from functions.shared.keys import METRICS_NAMESPACE

logger: Final = Logger()
metrics: Final = Metrics(namespace=METRICS_NAMESPACE)
