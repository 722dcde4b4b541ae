"""The verdict on one image: the policy's decision on the labels that Rekognition finds in its views.

All labels are kept, including those that the policy allows, so that another policy can be tried without new calls.
Answers are kept too: if Rekognition throttles some views, only these are repeated, in this invocation or the next one.
"""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from functions.moderate.detection import Detection, Detector
from functions.policy.policy import Policy
from functions.shared.contracts import Answers, Label, Moderated, ModerateRequest, Verdict, View, as_json
from functions.shared.errors import ContractError, ModerationAnswerError, ThrottledError
from functions.shared.timeouts import TimeBudget

PARALLEL_CALLS: Final = 8
"""Concurrent calls for one image. At 0.5 s per call, 64 views take 4 s, and 128, the highest limit of a stage, 8 s. The
function's timeout is 60 s."""

MOST_LABELS: Final = 1_000
"""The most labels that one image may have."""

MOST_LABEL_BYTES: Final = 220_000
"""The largest size of one image's labels as JSON. They are part of a state of at most 256 KiB, with up to 20 KB of
other data. A thousand labels of the taxonomy have at most 196,000 bytes."""

LONGEST_WAITS_SECONDS: Final = (1.0, 2.0, 4.0)
"""Upper bounds of the random waits after a view's first, second and later throttled calls."""

LAST_CALL_SECONDS: Final = 10.0
"""No call starts later than this before the function's time limit, because a call may take this long."""


def time_budget(remaining_ms: int) -> TimeBudget:
    """Return how long an invocation with ``remaining_ms`` left may repeat throttled calls."""
    return TimeBudget(max(0.0, remaining_ms / 1000 - LAST_CALL_SECONDS))


@dataclass(frozen=True)
class Moderation:
    """The result for the workflow, and the time that detection took, including waits, in ms."""

    result: Moderated
    detection_ms: float


def moderate(
    request: ModerateRequest,
    *,
    detector: Detector,
    policy: Policy,
    staging_bucket: str,
    budget: TimeBudget,
) -> Moderation:
    """Detect labels in all views without an answer; once all have one, the worst view decides.

    Raises ModerationRefusedError, ModerationAnswerError, TransientDependencyError, or ContractError if there are no
    views, because an image that was not moderated must not be published. If views remain without an answer and the
    execution does not support unfinished results, raises ThrottledError.
    """
    if not request.proxies:
        raise ContractError("ModerateRequest: proxies is empty")
    start = perf_counter()
    answers = _Detections(detector, staging_bucket, policy.minimum_confidence, budget).complete(request)
    detection_ms = (perf_counter() - start) * 1000
    if len(answers.labels) > MOST_LABELS or len(json.dumps(as_json(answers)["labels"])) > MOST_LABEL_BYTES:
        raise ModerationAnswerError(f"{len(answers.labels)} labels in all views are more than Rekognition can find")
    if len(answers.views) == len(request.proxies):
        return Moderation(Moderated(_verdict(answers, policy)), detection_ms)
    if request.answers is None:
        raise ThrottledError(f"{len(request.proxies) - len(answers.views)} views have no answer")
    return Moderation(Moderated(None, answers), detection_ms)


def _verdict(answers: Answers, policy: Policy) -> Verdict:
    evaluation = policy.evaluate(answers.labels)
    return Verdict(
        decision=evaluation.decision,
        policy_version=policy.version,
        model_version=answers.model_version,
        labels=answers.labels,
        deciding=evaluation.deciding,
    )


@dataclass
class _Detections:
    """Detects labels in views until all have an answer or the time budget is used up."""

    detector: Detector
    bucket: str
    minimum_confidence: float
    budget: TimeBudget
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self.deadline = self.budget.clock() + self.budget.seconds

    def complete(self, request: ModerateRequest) -> Answers:
        """Return the request's answers together with those for its remaining views, in the order of the views.

        After an error other than throttling, no further call starts.
        """
        previous = request.answers or Answers()
        if not set(previous.views) <= set(range(len(request.proxies))):
            raise ContractError(f"ModerateRequest: answers for views {previous.views}, of {len(request.proxies)} views")
        remaining = [index for index in range(len(request.proxies)) if index not in previous.views]
        with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
            calls = {index: pool.submit(self._detect, request.proxies[index]) for index in remaining}
            try:
                detections = {index: call.result() for index, call in calls.items()}
            finally:
                pool.shutdown(cancel_futures=True)
        answered = {index: detection for index, detection in detections.items() if detection}
        return _merged(previous, answered, request.proxies)

    def _detect(self, view: View) -> Detection | None:
        """Return what Rekognition detects in a view; None if it throttles until the time budget is used up."""
        throttled = 0
        while self.budget.clock() <= self.deadline:
            try:
                return self.detector.detect(self.bucket, view, minimum_confidence=self.minimum_confidence)
            except ThrottledError:
                longest = LONGEST_WAITS_SECONDS[min(throttled, len(LONGEST_WAITS_SECONDS) - 1)]
                wait = random.uniform(0, longest)  # noqa: S311 - jitter, not a secret
                if self.budget.clock() + wait > self.deadline:
                    return None
                throttled += 1
                self.budget.sleep(wait)
        return None


def _merged(previous: Answers, detections: dict[int, Detection], views: tuple[View, ...]) -> Answers:
    """Return previous and new answers together, with labels in the order of their views."""
    order = {(view.frame, view.rendering): index for index, view in enumerate(views)}
    labels: list[Label] = [*previous.labels, *(label for each in detections.values() for label in each.labels)]
    versions = [previous.model_version, *(each.model_version for each in detections.values())]
    return Answers(
        views=tuple(sorted({*previous.views, *detections})),
        labels=tuple(sorted(labels, key=lambda label: order[label.frame, label.rendering])),
        model_version=versions[-1],
    )
