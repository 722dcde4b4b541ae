"""What is asked of Rekognition, what becomes of its answers, and that no verdict is never an allowance."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from functions.moderate.detection import REFUSALS, RekognitionDetector
from functions.moderate.moderation import moderate
from functions.moderate.policy import Policy
from functions.shared.contracts import Decision, ModerateRequest
from functions.shared.errors import ModerationRefusedError, TransientDependencyError
from tests.fakes.faults import hooked
from tests.fakes.rekognition import labels
from tests.fakes.states import recorded


def request(*, frames: int = 1) -> ModerateRequest:
    state, _ = recorded("ModerateImage", "allow")
    (proxy,) = state["proxies"]
    proxies = [proxy | {"key": proxy["key"].replace("proxy-0", f"proxy-{n}")} for n in range(frames)]
    return ModerateRequest.from_state(state | {"proxies": proxies})


@pytest.fixture
def judge(rekognition_client):
    detector = RekognitionDetector(rekognition_client)
    policy = Policy.from_file()
    return lambda asked: moderate(asked, detector=detector, policy=policy, staging_bucket="staging").verdict


def test_rekognition_reads_each_proxy_from_staging_down_to_the_policy_s_confidence(rekognition, judge):
    asked = request(frames=2)

    judge(asked)

    assert rekognition.requests == [
        {"Image": {"S3Object": {"Bucket": "staging", "Name": proxy.key}}, "MinConfidence": 50}
        for proxy in asked.proxies
    ]


def test_the_worst_frame_of_an_animation_decides(rekognition, judge):
    asked = request(frames=3)
    rekognition.found = {
        asked.proxies[1].key: labels(("Hate Symbols", "", 99.0)),
        asked.proxies[2].key: labels(("Violence", "", 99.0)),
    }

    verdict = judge(asked)

    assert (verdict.decision, verdict.deciding) == (Decision.BLOCK, ("Hate Symbols",))
    assert [(label.name, label.frame) for label in verdict.labels] == [("Hate Symbols", 1), ("Violence", 2)]


def test_labels_that_the_policy_allows_are_recorded_as_rekognition_gave_them(rekognition, judge):
    asked = request()
    rekognition.found[asked.proxies[0].key] = labels(("Gambling", "", 88.25))

    verdict = judge(asked)

    assert verdict.decision is Decision.ALLOW
    assert verdict.to_state()["labels"] == [
        {"name": "Gambling", "parent": "", "confidence": 88.25, "taxonomy_level": 1, "frame": 0}
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


def test_one_frame_without_an_answer_leaves_the_whole_image_without_a_verdict(rekognition, judge, rekognition_client):
    asked = request(frames=2)

    def second_fails(**_kwargs):
        if len(rekognition.requests) == 1:
            rekognition.fails_with = ("InvalidImageFormatException", 400)

    with (
        hooked(rekognition_client, "before-call", second_fails),
        pytest.raises(ModerationRefusedError, match="proxy-1"),
    ):
        judge(asked)
