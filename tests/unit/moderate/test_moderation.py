"""What is asked of Rekognition, what becomes of its answers, and that no verdict is never an allowance."""

import json
import math
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from functions.moderate.detection import REFUSALS, RekognitionDetector
from functions.moderate.moderation import moderate, patience_within
from functions.moderate.policy import Policy
from functions.optimize.settings import MOST_VIEWS
from functions.shared.contracts import Answers, Decision, ModerateRequest, Rendering, as_json
from functions.shared.errors import (
    ContractError,
    ModerationAnswerError,
    ModerationRefusedError,
    ThrottledError,
    TransientDependencyError,
)
from local.rekognition.spoiled import SPOILED
from tests.fakes.clock import Clock
from tests.fakes.rekognition import labels
from tests.fakes.states import recorded


def request(*, frames: int = 1) -> ModerateRequest:
    state, _ = recorded("ModerateImage", "allow")
    (proxy,) = state["proxies"]
    proxies = [proxy | {"key": proxy["key"].replace("proxy-0", f"proxy-{n}"), "frame": 2 * n} for n in range(frames)]
    return ModerateRequest.from_state(state | {"proxies": proxies})


@pytest.fixture
def ask(rekognition_client):
    """Return what has an image moderated, by default with the patience of a function of 60 s."""
    detector = RekognitionDetector(rekognition_client)
    policy = Policy.from_file()

    def ask(asked, *, seconds=50.0):
        clock = Clock()
        patience = clock.patience(seconds)
        return moderate(asked, detector=detector, policy=policy, staging_bucket="staging", patience=patience).result

    return ask


@pytest.fixture
def judge(ask):
    return lambda asked: ask(asked).verdict


@pytest.mark.parametrize("views", [1, 2, 64])
def test_rekognition_reads_each_view_once_from_staging_down_to_the_policy_s_confidence(rekognition, judge, views):
    asked = request(frames=views)

    judge(asked)

    requests = sorted(rekognition.requests, key=lambda each: each["Image"]["S3Object"]["Name"])
    assert requests == [
        {"Image": {"S3Object": {"Bucket": "staging", "Name": key}}, "MinConfidence": 50}
        for key in sorted(view.key for view in asked.proxies)
    ]


def test_the_worst_frame_of_an_animation_decides(rekognition, judge):
    asked = request(frames=3)
    rekognition.found = {
        asked.proxies[1].key: labels(("Hate Symbols", "", 99.0)),
        asked.proxies[2].key: labels(("Violence", "", 99.0)),
    }

    verdict = judge(asked)

    assert (verdict.decision, verdict.deciding) == (Decision.BLOCK, ("Hate Symbols",))
    assert [(label.name, label.frame) for label in verdict.labels] == [("Hate Symbols", 2), ("Violence", 4)]


def test_a_label_says_in_which_rendering_it_was_found(rekognition, judge):
    asked = request()
    asked = replace(asked, proxies=(replace(asked.proxies[0], frame=3, rendering=Rendering.OVER_BLACK),))
    rekognition.found[asked.proxies[0].key] = labels(("Violence", "", 99.0))

    (label,) = judge(asked).labels

    assert (label.frame, label.rendering) == (3, Rendering.OVER_BLACK)


def test_labels_that_the_policy_allows_are_recorded_as_rekognition_gave_them(rekognition, judge):
    asked = request()
    rekognition.found[asked.proxies[0].key] = labels(("Gambling", "", 88.25))

    verdict = judge(asked)

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
    assert (verdict.policy_version, verdict.model_version) == (Policy.from_file().version, "7.0")


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
def test_a_rekognition_that_fails_is_worth_a_retry(rekognition, judge, code, status):
    rekognition.fails_with = (code, status)

    with pytest.raises(TransientDependencyError):
        judge(request())

    assert len(rekognition.requests) == 1


@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException"])
def test_a_call_that_is_throttled_is_repeated_until_the_patience_is_over(rekognition, ask, code):
    rekognition.fails_with = (code, 400)

    result = ask(request())

    assert (result.verdict, result.answers) == (None, Answers())
    assert len(rekognition.requests) > 50 / 4  # waits of 4 s at most, and 50 s of them


def test_views_that_are_throttled_for_a_while_have_a_verdict_in_the_end(rekognition, ask):
    asked = request(frames=20)
    rekognition.throttles = {view.key: 2 for view in asked.proxies[:8]}
    rekognition.found[asked.proxies[0].key] = labels(("Hate Symbols", "", 99.0))

    result = ask(asked)

    assert result.verdict.decision is Decision.BLOCK
    assert result.answers == Answers()
    assert len(rekognition.requests) == 20 + 2 * 8


def test_no_answer_is_asked_for_twice(rekognition, ask):
    asked = request(frames=6)
    found = {1: "Violence", 4: "Hate Symbols", 2: "Gambling"}
    rekognition.found = {asked.proxies[place].key: labels((name, "", 99.0)) for place, name in found.items()}
    late = [asked.proxies[place].key for place in (2, 5)]
    rekognition.throttles = dict.fromkeys(late, math.inf)
    first = ask(asked)
    requests = list(rekognition.requests)
    rekognition.requests.clear()
    rekognition.throttles.clear()

    second = ask(replace(asked, answers=first.answers))

    answered = {each["Image"]["S3Object"]["Name"] for each in requests} - set(late)
    assert answered == {view.key for view in asked.proxies} - set(late)
    assert (first.verdict, first.answers.views) == (None, (0, 1, 3, 4))
    assert sorted(each["Image"]["S3Object"]["Name"] for each in rekognition.requests) == late
    assert [label.name for label in second.verdict.labels] == ["Violence", "Gambling", "Hate Symbols"]
    assert (second.verdict.decision, second.verdict.model_version) == (Decision.BLOCK, "7.0")


def test_an_unfinished_result_is_read_back_as_it_was(rekognition, ask):
    asked = request(frames=2)
    rekognition.found[asked.proxies[0].key] = labels(("Violence", "", 99.0))
    rekognition.throttles[asked.proxies[1].key] = math.inf

    result = ask(asked)

    assert result.answers.labels
    assert Answers.from_state(json.loads(json.dumps(result.to_state()))["answers"]) == result.answers


def test_an_execution_that_knows_no_unfinished_result_has_the_call_throttled(rekognition, ask):
    rekognition.throttles[request().proxies[0].key] = math.inf

    with pytest.raises(ThrottledError, match="1 views have no answer"):
        ask(replace(request(), answers=None))


def test_answers_to_views_that_the_picture_does_not_have_are_refused(rekognition, ask):
    with pytest.raises(ContractError, match="of 2 views"):
        ask(replace(request(frames=2), answers=Answers(views=(2,))))

    assert rekognition.requests == []


def test_the_last_call_has_ten_seconds_for_its_answer():
    assert [patience_within(remaining).seconds for remaining in (60_000, 10_500, 5_000)] == [50, 0.5, 0]


@pytest.mark.parametrize(
    "error",
    [EndpointConnectionError(endpoint_url="https://aws.invalid"), ReadTimeoutError(endpoint_url="https://aws.invalid")],
    ids=["out of reach", "no answer"],
)
def test_a_rekognition_out_of_reach_is_worth_a_retry(rekognition, judge, error):
    rekognition.raises = error

    with pytest.raises(TransientDependencyError):
        judge(request())


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotReadyException"])
def test_other_errors_pass_unchanged_so_that_the_workflow_holds_the_image(rekognition, judge, code):
    rekognition.fails_with = (code, 400)

    with pytest.raises(ClientError, match=code):
        judge(request())


def test_one_view_without_an_answer_leaves_the_whole_image_without_a_verdict(rekognition, judge):
    asked = request(frames=20)
    rekognition.refuses = frozenset({asked.proxies[1].key})

    with pytest.raises(ModerationRefusedError, match="proxy-1"):
        judge(asked)


def test_after_a_failure_no_further_call_is_begun(rekognition, judge):
    asked = request(frames=128)
    rekognition.refuses = frozenset({asked.proxies[0].key})

    with pytest.raises(ModerationRefusedError):
        judge(asked)

    assert len(rekognition.requests) < 128


@pytest.mark.parametrize("how", SPOILED)
def test_an_answer_that_rekognition_cannot_give_is_no_verdict(rekognition, judge, how):
    rekognition.spoil = SPOILED[how]

    with pytest.raises(ModerationAnswerError, match="proxy-0"):
        judge(request())


def test_one_spoiled_answer_among_good_ones_leaves_the_image_without_a_verdict(rekognition, judge):
    asked = request(frames=5)
    rekognition.found[asked.proxies[3].key] = labels(("Violence", "", 101.0))

    with pytest.raises(ModerationAnswerError, match="proxy-3"):
        judge(asked)


@pytest.mark.parametrize("confidence", [50, 50.0, 49.9999999, 100, 100.00001])
def test_confidences_at_the_bounds_are_taken(rekognition, judge, confidence):
    asked = request()
    rekognition.spoil = lambda answer, _: answer | {"ModerationLabels": labels(("Gambling", "", confidence))}

    (label,) = judge(asked).labels

    assert 49.999 < label.confidence <= 100


def test_a_thousand_labels_of_one_image_are_a_verdict_and_more_are_none(rekognition, judge):
    asked = request(frames=10)
    longest = labels(*[("Obstructed Intimate Parts", "Non-Explicit Nudity of Intimate parts and Kissing", 97.4)] * 100)
    rekognition.found = {view.key: longest for view in asked.proxies}

    assert len(judge(asked).labels) == 1_000

    asked = request(frames=11)
    rekognition.found[asked.proxies[10].key] = longest[:1]
    with pytest.raises(ModerationAnswerError, match="1001 labels"):
        judge(asked)


def test_labels_that_no_state_can_hold_are_no_verdict(rekognition, judge):
    asked = request(frames=10)
    long = labels(*[("V" * 250, "W" * 250, 97.4)] * 100)
    rekognition.found = {view.key: long for view in asked.proxies}

    with pytest.raises(ModerationAnswerError, match="more than can be"):
        judge(asked)


@pytest.mark.parametrize("throttled", [0, math.inf], ids=["judged", "unfinished"])
def test_what_a_thousand_labels_and_the_most_views_take_fits_into_a_state(rekognition, ask, throttled):
    asked = request(frames=MOST_VIEWS)
    longest = labels(*[("Obstructed Intimate Parts", "Non-Explicit Nudity of Intimate parts and Kissing", 97.4)] * 100)
    rekognition.found = {view.key: longest for view in asked.proxies[:10]}
    rekognition.throttles[asked.proxies[-1].key] = throttled

    document = {"proxies": as_json(asked)["proxies"], "verdict": ask(asked).to_state()}

    beside = 20_000  # the event, the claim, the picture's files
    assert len(json.dumps(document)) + beside < 256 * 1024
