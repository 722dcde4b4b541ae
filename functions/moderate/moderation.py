"""The verdict on one image: what Rekognition finds in its proxies, judged by the policy.

Every label is kept, also those that the policy allows: another policy can be tried on them without a new call.
"""

from dataclasses import dataclass
from time import perf_counter

from functions.moderate.detection import RekognitionDetector
from functions.moderate.policy import Policy
from functions.shared.contracts import ModerateRequest, Verdict
from functions.shared.errors import ContractError


@dataclass(frozen=True)
class Moderation:
    """The verdict for the workflow, and how long Rekognition took over all proxies, in ms."""

    verdict: Verdict
    detection_ms: float


def moderate(
    request: ModerateRequest, *, detector: RekognitionDetector, policy: Policy, staging_bucket: str
) -> Moderation:
    """Have every proxy looked at; the worst one decides. A label's ``frame`` is its proxy's place in the request.

    Raises ModerationRefusedError, TransientDependencyError, or ContractError when there is no proxy at all: what
    nobody looked at must not pass.
    """
    if not request.proxies:
        raise ContractError("ModerateRequest: proxies is empty")
    start = perf_counter()
    detections = [
        detector.detect(staging_bucket, proxy.key, minimum_confidence=policy.minimum_confidence, frame=frame)
        for frame, proxy in enumerate(request.proxies)
    ]
    detection_ms = (perf_counter() - start) * 1000
    labels = tuple(label for detection in detections for label in detection.labels)
    judgement = policy.judge(labels)
    verdict = Verdict(
        decision=judgement.decision,
        policy_version=policy.version,
        model_version=detections[-1].model_version,
        labels=labels,
        deciding=judgement.deciding,
    )
    return Moderation(verdict, detection_ms)
