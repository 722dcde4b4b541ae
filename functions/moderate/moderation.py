"""The verdict on one image: the policy's decision on the labels that Rekognition finds in its views.

Every label is stored, even if the policy allows it, so that another policy can be applied without a new call.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from functions.moderate.detection import Detection, RekognitionDetector
from functions.policy.policy import Policy
from functions.shared.contracts import ModerateRequest, Verdict, as_json
from functions.shared.errors import ContractError, ModerationAnswerError

PARALLEL_CALLS: Final = 8
"""Concurrent calls for one image. At 0.5 s a call 64 views take 4 s and 128, the highest limit of a stage, 8 s. The
function's timeout is 60 s."""

MOST_LABELS: Final = 1_000
"""Most labels of one image."""

MOST_LABEL_BYTES: Final = 220_000
"""Largest size of all labels of one image as JSON: they are part of a state of at most 256 KiB, with up to 20 KB of
other data. A thousand labels of the taxonomy have at most 196,000 bytes."""


@dataclass(frozen=True)
class Moderation:
    """The verdict, and how long Rekognition took for all views, in ms."""

    verdict: Verdict
    detection_ms: float


def moderate(
    request: ModerateRequest, *, detector: RekognitionDetector, policy: Policy, staging_bucket: str
) -> Moderation:
    """Return the verdict on all views; the worst one decides.

    Raises ModerationRefusedError, ModerationAnswerError, TransientDependencyError, or ContractError if there is no
    view: a picture that was not moderated must not be published.
    """
    if not request.proxies:
        raise ContractError("ModerateRequest: proxies is empty")
    start = perf_counter()
    detections = _detections(request, detector, staging_bucket, policy.minimum_confidence)
    detection_ms = (perf_counter() - start) * 1000
    labels = tuple(label for detection in detections for label in detection.labels)
    if len(labels) > MOST_LABELS or len(json.dumps([as_json(label) for label in labels])) > MOST_LABEL_BYTES:
        raise ModerationAnswerError(f"the views have {len(labels)} labels together, more than Rekognition can find")
    evaluation = policy.evaluate(labels)
    verdict = Verdict(
        decision=evaluation.decision,
        policy_version=policy.version,
        model_version=detections[-1].model_version,
        labels=labels,
        deciding=evaluation.deciding,
    )
    return Moderation(verdict, detection_ms)


def _detections(
    request: ModerateRequest, detector: RekognitionDetector, bucket: str, minimum_confidence: float
) -> list[Detection]:
    """Detect labels in all views, in parallel, and return them in order. After an error no further call is made."""
    with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
        calls = [
            pool.submit(detector.detect, bucket, view, minimum_confidence=minimum_confidence)
            for view in request.proxies
        ]
        try:
            return [call.result() for call in calls]
        finally:
            pool.shutdown(cancel_futures=True)
