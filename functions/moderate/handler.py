"""ModerateImage: has the views of an image labelled by Rekognition, and returns the verdict.

While Rekognition throttles, it returns the answers so far, and the workflow calls it again. If there can be no verdict,
the error makes the workflow hold the image: nothing is published without moderation.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.moderate.detection import RekognitionDetector
from functions.moderate.moderation import Moderator, time_budget
from functions.moderate.settings import ModerateSettings
from functions.moderate.stored_answers import StoredAnswers
from functions.policy.store import PolicyStore
from functions.records.reader import RecordReader
from functions.shared.contracts import ModerateRequest
from functions.shared.observability import logger, metrics

settings = ModerateSettings.from_environment()  # a bad value fails the cold start
moderator = Moderator(
    detector=RekognitionDetector(name=settings.detector, adapter=settings.adapter),
    records=RecordReader(settings.table_name),
    stored_answers=StoredAnswers(settings.table_name),
    policies=PolicyStore(settings.table_name),
    staging_bucket=settings.staging_bucket,
)


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Moderate the image of the state's input."""
    request = ModerateRequest.from_state(event)
    logger.append_keys(image_id=request.image_id)
    moderation = moderator.moderate(request, budget=time_budget(context.get_remaining_time_in_millis()))
    result = moderation.result.to_state()
    metrics.add_metric(name=f"Verdict{result['decision'].capitalize()}", unit="Count", value=1)
    metrics.add_metric(name="ModerationLabels", unit="Count", value=len(result["labels"]))
    metrics.add_metric(name="DetectionTime", unit="Milliseconds", value=moderation.detection_ms)
    metrics.add_metric(name="AnswersReused", unit="Count", value=int(moderation.reused))
    logger.info("moderate", extra={"decision": result["decision"], "deciding": result["deciding"]})
    return result
