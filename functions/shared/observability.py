"""The logger and the metrics of every function.

A handler appends image_id to the logger's keys once the request is parsed. It connects upload, execution and serving:
S3 events have no trace header. Tracing is done by the services (Lambda, API Gateway, Step Functions). Never log bytes
of a picture or a signed URL.
"""

import os
from typing import Final

from aws_lambda_powertools import Logger, Metrics

from functions.shared.keys import METRICS_NAMESPACE

logger: Final = Logger()
metrics: Final = Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", METRICS_NAMESPACE))
"""Each stage has a namespace of its own, so that two stages of one account do not share metrics."""
