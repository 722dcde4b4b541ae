"""The verdict on one image: the policy's decision on the labels that Rekognition finds in its views.

Every label is kept, also those that the policy allows: another policy can be tried on them without a new call. Every
answer is kept too: views that Rekognition throttles are asked about again, within this call or the next one.
"""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from functions.moderate.detection import Detection, RekognitionDetector
from functions.policy.policy import Policy
from functions.shared.contracts import Answers, Label, Moderated, ModerateRequest, Verdict, View, as_json
from functions.shared.errors import ContractError, ModerationAnswerError, ThrottledError
from functions.shared.timeouts import TimeBudget

PARALLEL_CALLS: Final = 8
"""Concurrent calls for one image. At 0.5 s a call 64 views take 4 s and 128, the highest limit of a stage, 8 s. The
function's timeout is 60 s."""

MOST_LABELS: Final = 1_000
"""Most labels of one image."""

MOST_LABEL_BYTES: Final = 220_000
"""Largest size of all labels of one image as JSON: they are part of a state of at most 256 KiB, with up to 20 KB of
other data. A thousand labels of the taxonomy have at most 196,000 bytes."""

LONGEST_WAITS_SECONDS: Final = (1.0, 2.0, 4.0)
"""Bounds of the random waits after the first throttled call of a view, the second, and all later ones."""

LAST_CALL_SECONDS: Final = 10.0
"""How long before the function's time limit no call is begun any more: a call waits that long for its answer."""


def time_budget(remaining_ms: int) -> TimeBudget:
    """Return for how long throttled calls are repeated by a function that may run for ``remaining_ms`` more."""
    return TimeBudget(max(0.0, remaining_ms / 1000 - LAST_CALL_SECONDS))


@dataclass(frozen=True)
class Moderation:
    """The result for the workflow, and how long Rekognition took over the views, waits included, in ms."""

    result: Moderated
    detection_ms: float


def moderate(
    request: ModerateRequest,
    *,
    detector: RekognitionDetector,
    policy: Policy,
    staging_bucket: str,
    budget: TimeBudget,
) -> Moderation:
    """Have every view looked at that has no answer yet; when all have one, the worst view decides.

    Raises ModerationRefusedError, ModerationAnswerError, TransientDependencyError, or ContractError when there is no
    view at all: what was not looked at must not pass. An execution that cannot be told that the result is unfinished
    gets ThrottledError instead.
    """
    if not request.proxies:
        raise ContractError("ModerateRequest: proxies is empty")
    start = perf_counter()
    answers = _Asking(detector, staging_bucket, policy.minimum_confidence, budget).about(request)
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
class _Asking:
    """Asks about views until all are answered or the budget is over."""

    detector: RekognitionDetector
    bucket: str
    minimum_confidence: float
    budget: TimeBudget
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self.deadline = self.budget.clock() + self.budget.seconds

    def about(self, request: ModerateRequest) -> Answers:
        """Return the request's answers and those to its other views, in the views' order.

        After an error other than throttling no further call is begun.
        """
        before = request.answers or Answers()
        if not set(before.views) <= set(range(len(request.proxies))):
            raise ContractError(f"ModerateRequest: answers to {before.views}, of {len(request.proxies)} views")
        open_views = [place for place in range(len(request.proxies)) if place not in before.views]
        with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
            calls = {place: pool.submit(self._detect, request.proxies[place]) for place in open_views}
            try:
                found = {place: call.result() for place, call in calls.items()}
            finally:
                pool.shutdown(cancel_futures=True)
        return _together(before, {place: each for place, each in found.items() if each}, request.proxies)

    def _detect(self, view: View) -> Detection | None:
        """Return what Rekognition finds in a view; None when it throttles until the budget is over."""
        throttled = 0
        while self.budget.clock() <= self.deadline:
            try:
                return self.detector.detect(self.bucket, view, minimum_confidence=self.minimum_confidence)
            except ThrottledError:
                longest = LONGEST_WAITS_SECONDS[min(throttled, len(LONGEST_WAITS_SECONDS) - 1)]
                wait = random.uniform(0, longest)  # noqa: S311 - spreads the calls
                if self.budget.clock() + wait > self.deadline:
                    return None
                throttled += 1
                self.budget.sleep(wait)
        return None


def _together(before: Answers, found: dict[int, Detection], views: tuple[View, ...]) -> Answers:
    """Return earlier and new answers as one; labels stand in the order of their views."""
    places = {(view.frame, view.rendering): place for place, view in enumerate(views)}
    labels: list[Label] = [*before.labels, *(label for each in found.values() for label in each.labels)]
    versions = [before.model_version, *(each.model_version for each in found.values())]
    return Answers(
        views=tuple(sorted({*before.views, *found})),
        labels=tuple(sorted(labels, key=lambda label: places[label.frame, label.rendering])),
        model_version=versions[-1],
    )
