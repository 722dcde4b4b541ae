"""ModerateImage: has the views of an image labelled by Rekognition, and returns the policy's verdict.

If there can be no verdict, the error makes the workflow hold the image: nothing is published without moderation.
"""

from typing import Any

from functions.moderate.detection import RekognitionDetector
from functions.moderate.moderation import moderate
from functions.moderate.settings import ModerateSettings
from functions.policy.policy import Policy
from functions.shared.contracts import ModerateRequest
from functions.shared.observability import logger, metrics

settings = ModerateSettings.from_environment()  # a bad value fails the cold start
policy = Policy.from_file()
detector = RekognitionDetector()


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Moderate the image of the state's input."""
    request = ModerateRequest.from_state(event)
    logger.append_keys(image_id=request.image_id)
    moderation = moderate(request, detector=detector, policy=policy, staging_bucket=settings.staging_bucket)
    verdict = moderation.verdict
    metrics.add_metric(name=f"Verdict{verdict.decision.capitalize()}", unit="Count", value=1)
    metrics.add_metric(name="ModerationLabels", unit="Count", value=len(verdict.labels))
    metrics.add_metric(name="DetectionTime", unit="Milliseconds", value=moderation.detection_ms)
    logger.info("moderate", extra={"decision": verdict.decision, "deciding": verdict.deciding})
    return verdict.to_state()
