"""ModerateImage: the views of an image in; what Rekognition finds and what the policy decides out.

While Rekognition throttles, the answers so far are returned, and the workflow calls again. When no verdict can be had
this raises, and the workflow holds the image: nothing passes unseen.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.moderate.detection import RekognitionDetector
from functions.moderate.moderation import moderate, patience_within
from functions.moderate.policy import Policy
from functions.moderate.settings import ModerateSettings
from functions.shared.contracts import ModerateRequest
from functions.shared.observability import logger, metrics

settings = ModerateSettings.from_environment()  # a bad value fails the cold start
policy = Policy.from_file()
detector = RekognitionDetector()


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Moderate the image whose views the state names."""
    request = ModerateRequest.from_state(event)
    logger.append_keys(image_id=request.image_id)
    moderation = moderate(
        request,
        detector=detector,
        policy=policy,
        staging_bucket=settings.staging_bucket,
        patience=patience_within(context.get_remaining_time_in_millis()),
    )
    result = moderation.result.to_state()
    metrics.add_metric(name=f"Verdict{result['decision'].capitalize()}", unit="Count", value=1)
    metrics.add_metric(name="ModerationLabels", unit="Count", value=len(result["labels"]))
    metrics.add_metric(name="DetectionTime", unit="Milliseconds", value=moderation.detection_ms)
    logger.info("moderate", extra={"decision": result["decision"], "deciding": result["deciding"]})
    return result
