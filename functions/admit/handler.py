"""Admit: one upload event in, from a queue; its execution of `ingest` is started and awaited.

As many executions are at work as Lambda runs of this function: the maximum concurrency of the queue's mapping.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.admit.admission import Admission, Upload, patience_within
from functions.admit.settings import AdmitSettings
from functions.shared.observability import logger, metrics

settings = AdmitSettings.from_environment()  # a bad value fails the cold start
admission = Admission(settings)


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Admit the upload of a message; return the message when its execution takes longer than this function may run."""
    upload = Upload.from_event(event)
    logger.append_keys(image_id=upload.image_id)
    ending = admission.admit(upload, patience=patience_within(context.get_remaining_time_in_millis()))
    metrics.add_metric(name=f"Upload{ending}", unit="Count", value=1)
    logger.info("admit", extra={"ending": ending, "execution": upload.execution_name})
    return upload.response(ending)
