"""The verdict on one image: what Rekognition finds in its views, judged by the policy.

Every label is kept, also those that the policy allows: another policy can be tried on them without a new call.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from functions.moderate.detection import Detection, RekognitionDetector
from functions.moderate.policy import Policy
from functions.shared.contracts import ModerateRequest, Verdict, as_json
from functions.shared.errors import ContractError, ModerationAnswerError

PARALLEL_CALLS: Final = 8
"""Calls of one image that are under way at once. 64 views then take 4 s where a call takes 0.5, and 128, the most that
a stage can allow, 8: the function has 60."""

MOST_LABELS: Final = 1_000
"""Labels of one image."""

MOST_LABEL_BYTES: Final = 220_000
"""Size of all labels of one image as JSON: the workflow hands them on in a state of 256 KiB, with up to 20 KB beside
them. A thousand labels of the taxonomy have 196,000 at most."""


@dataclass(frozen=True)
class Moderation:
    """The verdict for the workflow, and how long Rekognition took over all views, in ms."""

    verdict: Verdict
    detection_ms: float


def moderate(
    request: ModerateRequest, *, detector: RekognitionDetector, policy: Policy, staging_bucket: str
) -> Moderation:
    """Have every view looked at; the worst one decides.

    Raises ModerationRefusedError, ModerationAnswerError, TransientDependencyError, or ContractError when there is no
    view at all: what was not looked at must not pass.
    """
    if not request.proxies:
        raise ContractError("ModerateRequest: proxies is empty")
    start = perf_counter()
    detections = _detections(request, detector, staging_bucket, policy.minimum_confidence)
    detection_ms = (perf_counter() - start) * 1000
    labels = tuple(label for detection in detections for label in detection.labels)
    if len(labels) > MOST_LABELS or len(json.dumps([as_json(label) for label in labels])) > MOST_LABEL_BYTES:
        raise ModerationAnswerError(f"the views have {len(labels)} labels together, more than can be")
    judgement = policy.judge(labels)
    verdict = Verdict(
        decision=judgement.decision,
        policy_version=policy.version,
        model_version=detections[-1].model_version,
        labels=labels,
        deciding=judgement.deciding,
    )
    return Moderation(verdict, detection_ms)


def _detections(
    request: ModerateRequest, detector: RekognitionDetector, bucket: str, minimum_confidence: float
) -> list[Detection]:
    """Ask about all views, some at a time, in their order. After a failure no further call is begun."""
    with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
        calls = [
            pool.submit(detector.detect, bucket, view, minimum_confidence=minimum_confidence)
            for view in request.proxies
        ]
        try:
            return [call.result() for call in calls]
        finally:
            pool.shutdown(cancel_futures=True)
