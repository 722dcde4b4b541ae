"""Admit: takes one upload event from a queue, starts `ingest` for it, and waits until the image has a final status.

The maximum concurrency of the queue's mapping limits invocations, and so the executions that run at once.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.admit.admission import Admission, Upload, time_budget
from functions.admit.settings import AdmitSettings
from functions.shared.observability import logger, metrics

settings = AdmitSettings.from_environment()  # a bad value fails the cold start
admission = Admission(settings)


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Admit an upload; return its message to the queue if the execution outlasts this invocation."""
    upload = Upload.from_event(event)
    logger.append_keys(image_id=upload.image_id)
    ending = admission.admit(upload, budget=time_budget(context.get_remaining_time_in_millis()))
    metrics.add_metric(name=f"Upload{ending}", unit="Count", value=1)
    logger.info("admit", extra={"ending": ending, "execution": upload.execution_name})
    return upload.response(ending)
