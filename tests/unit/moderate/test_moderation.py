"""What is asked of Rekognition, what becomes of its answers, and that no verdict is never an allowance."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from functions.moderate.detection import REFUSALS, RekognitionDetector
from functions.moderate.moderation import moderate
from functions.optimize.settings import MOST_VIEWS
from functions.policy.policy import Policy
from functions.shared.contracts import Decision, ModerateRequest, Rendering, as_json
from functions.shared.errors import ModerationAnswerError, ModerationRefusedError, TransientDependencyError
from local.rekognition.spoiled import SPOILED
from tests.fakes.rekognition import labels
from tests.fakes.states import recorded


def request(*, frames: int = 1) -> ModerateRequest:
    state, _ = recorded("ModerateImage", "allow")
    (proxy,) = state["proxies"]
    proxies = [proxy | {"key": proxy["key"].replace("proxy-0", f"proxy-{n}"), "frame": 2 * n} for n in range(frames)]
    return ModerateRequest.from_state(state | {"proxies": proxies})


@pytest.fixture
def judge(rekognition_client):
    detector = RekognitionDetector(rekognition_client)
    policy = Policy.from_file()
    return lambda asked: moderate(asked, detector=detector, policy=policy, staging_bucket="staging").verdict


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
        ("ThrottlingException", 400),
        ("ProvisionedThroughputExceededException", 400),
        ("InternalServerError", 500),
        ("ServiceUnavailableException", 503),
        ("SomethingNew", 500),
    ],
)
def test_a_busy_rekognition_is_worth_a_retry(rekognition, judge, code, status):
    rekognition.fails_with = (code, status)

    with pytest.raises(TransientDependencyError):
        judge(request())


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

    with pytest.raises(ModerationAnswerError, match="more than Rekognition can find"):
        judge(asked)


def test_what_a_thousand_labels_and_the_most_views_take_fits_into_a_state(rekognition, judge):
    asked = request(frames=MOST_VIEWS)
    longest = labels(*[("Obstructed Intimate Parts", "Non-Explicit Nudity of Intimate parts and Kissing", 97.4)] * 100)
    rekognition.found = {view.key: longest for view in asked.proxies[:10]}

    document = {"proxies": as_json(asked)["proxies"], "verdict": judge(asked).to_state()}

    beside = 20_000  # the event, the claim, the picture's files
    assert len(json.dumps(document)) + beside < 256 * 1024
