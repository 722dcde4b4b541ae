"""The verdict on one image: the policy's decision on the labels that Rekognition finds in its views.

The detector's whole answer is kept, so that another policy can be tried without new calls, and an image whose views
have not changed is judged again from it. Answers are also kept within an execution: if Rekognition throttles some
views, only these are repeated, in this invocation or the next one.
"""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Final

from functions.moderate.detection import Detection, Detector
from functions.moderate.judging import Judge
from functions.moderate.stored_answers import StoredAnswers
from functions.policy.document import DETECTOR_CONFIDENCE
from functions.policy.policy import Answer
from functions.policy.store import PolicyStore
from functions.records.reader import RecordReader
from functions.records.record import ImageRecord
from functions.shared.contracts import Answers, Label, Moderated, ModerateRequest, View
from functions.shared.documents import as_json
from functions.shared.errors import ContractError, ModerationAnswerError, ThrottledError
from functions.shared.timeouts import TimeBudget

EARLIER_CONFIDENCE: Final = 50.0
"""The confidence (percent) from which releases before 0.2.0 asked: that of their policy."""

PARALLEL_CALLS: Final = 8
"""Concurrent calls for one image. At 0.5 s per call, 64 views take 4 s, and 128, the highest limit of a stage, 8 s. The
function's timeout is 60 s."""

MAX_LABELS: Final = 800
"""The most labels that one image may have."""

MAX_LABEL_BYTES: Final = 160_000
"""The largest size of one image's labels and content types as JSON. They are part of a state of at most 256 KiB, with
the views and up to 60 KB of other data, such as the record. 800 labels of the taxonomy have at most 157,000 bytes."""

LONGEST_WAITS_SECONDS: Final = (1.0, 2.0, 4.0)
"""Upper bounds of the random waits after a view's first, second and later throttled calls."""

LAST_CALL_SECONDS: Final = 10.0
"""No call starts later than this before the function's time limit, because a call may take this long."""


def time_budget(remaining_ms: int) -> TimeBudget:
    """Return how long an invocation with ``remaining_ms`` left may repeat throttled calls."""
    return TimeBudget(max(0.0, remaining_ms / 1000 - LAST_CALL_SECONDS))


@dataclass(frozen=True)
class Moderation:
    """The result for the workflow, and the time that detection took, including waits, in ms.

    ``reused`` tells that stored answers were used, and the detector was not called.
    """

    result: Moderated
    detection_ms: float
    reused: bool = False


@dataclass(frozen=True)
class Moderator:
    """Moderates images whose views are in ``staging_bucket``."""

    detector: Detector
    records: RecordReader
    stored_answers: StoredAnswers
    policies: PolicyStore
    staging_bucket: str

    def moderate(self, request: ModerateRequest, *, budget: TimeBudget) -> Moderation:
        """Return the verdict on an image: from stored answers about the same views, or from the detector's.

        Raises ModerationRefusedError, ModerationAnswerError, PolicyMissingError, PolicyError, RecordMissingError,
        TransientDependencyError, or ContractError if there are no views, because an image that was not moderated must
        not be published. If views remain without an answer and the execution does not support unfinished results,
        raises ThrottledError.
        """
        if not request.proxies:
            raise ContractError("ModerateRequest: proxies is empty")
        previous = request.answers or Answers()
        record = self.records.get(request.image_id, consistent=True)
        judge = Judge.of(record, previous.policies, self.policies)
        stored = self._stored(request, record)
        if stored is not None and judge.is_determined_by(stored):
            verdict = judge.judge(stored, views_digest=request.views_digest)
            return Moderation(Moderated(verdict), detection_ms=0, reused=True)
        return self._detected(request, judge, budget)

    def _stored(self, request: ModerateRequest, record: ImageRecord) -> Answer | None:
        """Return the stored answer about the very views of the request; None if there is none."""
        if record.verdict is None or not request.views_digest:
            return None  # the first execution of an image reads nothing
        stored = self.stored_answers.of(request.image_id, views_digest=request.views_digest)
        return stored if stored is not None and stored.detector == self.detector.name else None

    def _detected(self, request: ModerateRequest, judge: Judge, budget: TimeBudget) -> Moderation:
        start = perf_counter()
        asked = _asked_before(request) or DETECTOR_CONFIDENCE
        found = _Detections(self.detector, self.staging_bucket, asked, budget).complete(request)
        detection_ms = (perf_counter() - start) * 1000
        answers = replace(found, minimum_confidence=asked, policies=judge.pinned)
        _check_size(answers)
        if len(answers.views) == len(request.proxies):
            verdict = judge.judge(self._answer(answers), views_digest=request.views_digest)
            return Moderation(Moderated(verdict), detection_ms)
        if request.answers is None:
            raise ThrottledError(f"{len(request.proxies) - len(answers.views)} views have no answer")
        return Moderation(Moderated(None, answers), detection_ms)

    def _answer(self, answers: Answers) -> Answer:
        if answers.minimum_confidence is None:
            raise ContractError("Answers: minimum_confidence is missing")
        return Answer(
            labels=answers.labels,
            content_types=answers.content_types,
            minimum_confidence=answers.minimum_confidence,
            model_version=answers.model_version,
            detector=self.detector.name,
        )


def _asked_before(request: ModerateRequest) -> float | None:
    """Return the confidence for which views were asked about in an earlier call of the execution, if they were.

    Releases before 0.2.0 do not record it.
    """
    if request.answers is None or not request.answers.views:
        return None
    recorded = request.answers.minimum_confidence
    return EARLIER_CONFIDENCE if recorded is None else recorded


def _check_size(answers: Answers) -> None:
    document = as_json(answers)
    if (
        len(answers.labels) > MAX_LABELS
        or len(json.dumps([document["labels"], document["content_types"]])) > MAX_LABEL_BYTES
    ):
        raise ModerationAnswerError(f"{len(answers.labels)} labels in all views are more than Rekognition can find")


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
    types = [*previous.content_types, *(found for each in detections.values() for found in each.content_types)]
    versions = [previous.model_version, *(each.model_version for each in detections.values())]
    return Answers(
        views=tuple(sorted({*previous.views, *detections})),
        labels=tuple(sorted(labels, key=lambda label: order[label.frame, label.rendering])),
        model_version=versions[-1],
        content_types=tuple(sorted(types, key=lambda found: order[found.frame, found.rendering])),
    )
