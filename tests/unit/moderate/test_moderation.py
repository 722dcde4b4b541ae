"""The requests to Rekognition, the verdict from its responses, and that an image without a verdict is never allowed."""

import json
import math
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from functions.moderate.detection import REFUSALS, RekognitionDetector
from functions.moderate.moderation import Moderator, time_budget
from functions.moderate.stored_answers import StoredAnswers
from functions.optimize.settings import MAX_VIEWS
from functions.policy.policy import Policy
from functions.policy.store import PolicyStore
from functions.records.reader import RecordReader
from functions.shared.contracts import Answers, ModerateRequest, PinnedPolicies, Rendering
from functions.shared.documents import as_json
from functions.shared.errors import (
    ContractError,
    ModerationAnswerError,
    ModerationRefusedError,
    ThrottledError,
    TransientDependencyError,
)
from functions.shared.status import Decision
from local.rekognition.spoiled import SPOILED
from tests.fakes.aws import TABLE
from tests.fakes.clock import Clock
from tests.fakes.rekognition import labels
from tests.fakes.states import recorded

ID = recorded("ModerateImage", "allow")[0]["image_id"]
RECORD = {"pk": f"IMAGE#{ID}", "sk": "RECORD", "image_id": ID, "status": "PROCESSING", "created_at": "2026-11-23"}
PINNED = PinnedPolicies(policy=Policy.shipped().digest)
NONE_YET = Answers(minimum_confidence=30, policies=PINNED)
"""The answers of an execution whose views were all throttled."""


def request(*, frames: int = 1) -> ModerateRequest:
    state, _ = recorded("ModerateImage", "allow")
    (proxy,) = state["proxies"]
    proxies = [proxy | {"key": proxy["key"].replace("proxy-0", f"proxy-{n}"), "frame": 2 * n} for n in range(frames)]
    return ModerateRequest.from_state(state | {"proxies": proxies})


@pytest.fixture
def run(rekognition_client, aws, clients):
    """Return a function that moderates an image, by default with the budget of a 60 s function."""
    dynamodb = clients["dynamodb"]
    moderator = Moderator(
        detector=RekognitionDetector(rekognition_client),
        records=RecordReader(TABLE, dynamodb),
        stored_answers=StoredAnswers(TABLE, dynamodb),
        policies=PolicyStore(TABLE, dynamodb),
        staging_bucket="staging",
    )
    aws.put_item(RECORD)
    return lambda image, seconds=50.0: moderator.moderate(image, budget=Clock().budget(seconds)).result


@pytest.fixture
def judge(run):
    return lambda image: run(image).verdict


@pytest.mark.parametrize("views", [1, 2, 64])
def test_each_view_is_requested_once_from_staging_from_30_percent_on(rekognition, judge, views):
    image = request(frames=views)

    judge(image)

    requests = sorted(rekognition.requests, key=lambda each: each["Image"]["S3Object"]["Name"])
    assert requests == [
        {"Image": {"S3Object": {"Bucket": "staging", "Name": key}}, "MinConfidence": 30}
        for key in sorted(view.key for view in image.proxies)
    ]


def test_the_worst_frame_of_an_animation_decides(rekognition, judge):
    image = request(frames=3)
    rekognition.found = {
        image.proxies[1].key: labels(("Hate Symbols", "", 99.0)),
        image.proxies[2].key: labels(("Violence", "", 99.0)),
    }

    verdict = judge(image)

    assert (verdict.decision, verdict.deciding) == (Decision.BLOCK, ("Hate Symbols",))
    assert [(label.name, label.frame) for label in verdict.labels] == [("Hate Symbols", 2), ("Violence", 4)]


def test_a_label_says_in_which_rendering_it_was_found(rekognition, judge):
    image = request()
    image = replace(image, proxies=(replace(image.proxies[0], frame=3, rendering=Rendering.OVER_BLACK),))
    rekognition.found[image.proxies[0].key] = labels(("Violence", "", 99.0))

    (label,) = judge(image).labels

    assert (label.frame, label.rendering) == (3, Rendering.OVER_BLACK)


def test_labels_that_the_policy_allows_are_recorded_as_rekognition_gave_them(rekognition, judge):
    image = request()
    rekognition.found[image.proxies[0].key] = labels(("Gambling", "", 88.25))

    verdict = judge(image)

    assert verdict.decision is Decision.ALLOW
    assert verdict.to_state()["labels"] == [
        {
            "name": "Gambling",
            "parent": "",
            "confidence": 88.25,
            "taxonomy_level": 1,
            "frame": 0,
            "rendering": "OPAQUE",
        }
    ]
    assert (verdict.policy_version, verdict.model_version) == (Policy.shipped().version, "7.0")


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_a_picture_that_rekognition_refuses_has_no_verdict(rekognition, judge, code):
    rekognition.fails_with = (code, 400)

    with pytest.raises(ModerationRefusedError, match="proxy-0"):
        judge(request())


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("InternalServerError", 500),
        ("ServiceUnavailableException", 503),
        ("SomethingNew", 500),
    ],
)
def test_a_server_error_of_rekognition_is_retryable(rekognition, judge, code, status):
    rekognition.fails_with = (code, status)

    with pytest.raises(TransientDependencyError):
        judge(request())

    assert len(rekognition.requests) == 1


@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException"])
def test_a_throttled_call_is_repeated_until_the_time_budget_is_used_up(rekognition, run, code):
    rekognition.fails_with = (code, 400)

    result = run(request())

    assert (result.verdict, result.answers) == (None, NONE_YET)
    assert len(rekognition.requests) > 50 / 4  # each wait is at most 4 s, and the budget is 50 s


def test_views_that_are_throttled_temporarily_get_a_verdict(rekognition, run):
    image = request(frames=20)
    rekognition.throttles = {view.key: 2 for view in image.proxies[:8]}
    rekognition.found[image.proxies[0].key] = labels(("Hate Symbols", "", 99.0))

    result = run(image)

    assert result.verdict.decision is Decision.BLOCK
    assert result.answers == Answers()
    assert len(rekognition.requests) == 20 + 2 * 8


def test_no_answer_is_requested_twice(rekognition, run):
    image = request(frames=6)
    found = {1: "Violence", 4: "Hate Symbols", 2: "Gambling"}
    rekognition.found = {image.proxies[place].key: labels((name, "", 99.0)) for place, name in found.items()}
    late = [image.proxies[place].key for place in (2, 5)]
    rekognition.throttles = dict.fromkeys(late, math.inf)
    first = run(image)
    requests = list(rekognition.requests)
    rekognition.requests.clear()
    rekognition.throttles.clear()

    second = run(replace(image, answers=first.answers))

    answered = {each["Image"]["S3Object"]["Name"] for each in requests} - set(late)
    assert answered == {view.key for view in image.proxies} - set(late)
    assert (first.verdict, first.answers.views) == (None, (0, 1, 3, 4))
    assert sorted(each["Image"]["S3Object"]["Name"] for each in rekognition.requests) == late
    assert [label.name for label in second.verdict.labels] == ["Violence", "Gambling", "Hate Symbols"]
    assert (second.verdict.decision, second.verdict.model_version) == (Decision.BLOCK, "7.0")


def test_an_unfinished_result_survives_the_round_trip_through_the_state(rekognition, run):
    image = request(frames=2)
    rekognition.found[image.proxies[0].key] = labels(("Violence", "", 99.0))
    rekognition.throttles[image.proxies[1].key] = math.inf

    result = run(image)

    assert result.answers.labels
    assert Answers.from_state(json.loads(json.dumps(result.to_state()))["answers"]) == result.answers


def test_an_execution_that_does_not_support_unfinished_results_gets_a_throttling_error(rekognition, run):
    rekognition.throttles[request().proxies[0].key] = math.inf

    with pytest.raises(ThrottledError, match="1 views have no answer"):
        run(replace(request(), answers=None))


def test_answers_for_views_that_do_not_exist_are_a_contract_error(rekognition, run):
    with pytest.raises(ContractError, match="of 2 views"):
        run(replace(request(frames=2), answers=Answers(views=(2,))))

    assert rekognition.requests == []


def test_no_call_starts_in_the_last_ten_seconds():
    assert [time_budget(remaining).seconds for remaining in (60_000, 10_500, 5_000)] == [50, 0.5, 0]


@pytest.mark.parametrize(
    "error",
    [EndpointConnectionError(endpoint_url="https://aws.invalid"), ReadTimeoutError(endpoint_url="https://aws.invalid")],
    ids=["unreachable", "timeout"],
)
def test_an_unreachable_rekognition_is_retryable(rekognition, judge, error):
    rekognition.raises = error

    with pytest.raises(TransientDependencyError):
        judge(request())


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotReadyException"])
def test_other_errors_are_raised_unchanged_so_that_the_workflow_holds_the_image(rekognition, judge, code):
    rekognition.fails_with = (code, 400)

    with pytest.raises(ClientError, match=code):
        judge(request())


def test_one_view_without_an_answer_leaves_the_whole_image_without_a_verdict(rekognition, judge):
    image = request(frames=20)
    rekognition.refuses = frozenset({image.proxies[1].key})

    with pytest.raises(ModerationRefusedError, match="proxy-1"):
        judge(image)


def test_after_a_failure_no_further_call_starts(rekognition, judge):
    image = request(frames=128)
    rekognition.refuses = frozenset({image.proxies[0].key})

    with pytest.raises(ModerationRefusedError):
        judge(image)

    assert len(rekognition.requests) < 128


@pytest.mark.parametrize("how", SPOILED)
def test_an_impossible_response_gives_no_verdict(rekognition, judge, how):
    rekognition.spoil = SPOILED[how]

    with pytest.raises(ModerationAnswerError, match="proxy-0"):
        judge(request())


def test_one_impossible_response_leaves_the_image_without_a_verdict(rekognition, judge):
    image = request(frames=5)
    rekognition.found[image.proxies[3].key] = labels(("Violence", "", 101.0))

    with pytest.raises(ModerationAnswerError, match="proxy-3"):
        judge(image)


@pytest.mark.parametrize("confidence", [30, 30.0, 29.9999999, 100, 100.00001])
def test_confidences_at_the_bounds_are_accepted(rekognition, judge, confidence):
    image = request()
    rekognition.spoil = lambda answer, _: answer | {"ModerationLabels": labels(("Gambling", "", confidence))}

    (label,) = judge(image).labels

    assert 29.999 < label.confidence <= 100


def test_an_image_may_have_800_labels_and_no_more(rekognition, judge):
    image = request(frames=8)
    longest = labels(*[("Obstructed Intimate Parts", "Non-Explicit Nudity of Intimate parts and Kissing", 97.4)] * 100)
    rekognition.found = {view.key: longest for view in image.proxies}

    assert len(judge(image).labels) == 800

    image = request(frames=9)
    rekognition.found[image.proxies[8].key] = longest[:1]
    with pytest.raises(ModerationAnswerError, match="801 labels"):
        judge(image)


def test_labels_too_large_for_a_state_give_no_verdict(rekognition, judge):
    image = request(frames=10)
    long = labels(*[("V" * 250, "W" * 250, 97.4)] * 100)
    rekognition.found = {view.key: long for view in image.proxies}

    with pytest.raises(ModerationAnswerError, match="more than Rekognition can find"):
        judge(image)


@pytest.mark.parametrize("throttled", [0, math.inf], ids=["judged", "unfinished"])
def test_the_most_labels_and_views_fit_into_a_state(rekognition, run, throttled):
    image = request(frames=MAX_VIEWS)
    longest = labels(*[("Obstructed Intimate Parts", "Non-Explicit Nudity of Intimate parts and Kissing", 97.4)] * 100)
    rekognition.found = {view.key: longest for view in image.proxies[:8]}
    rekognition.throttles[image.proxies[-1].key] = throttled

    document = {"proxies": as_json(image)["proxies"], "verdict": run(image).to_state()}

    other_data = 60_000  # the event, the record, the picture's files
    assert len(json.dumps(document)) + other_data < 256 * 1024
