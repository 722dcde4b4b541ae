"""What is read from one response of Rekognition."""

import pytest

from functions.moderate.detection import RekognitionDetector
from functions.shared.contracts import ContentType, Rendering, View
from functions.shared.errors import ModerationAnswerError

VIEW = View("work/view.jpg", 640, 480, 52_000, "image/jpeg", frame=3, rendering=Rendering.OVER_BLACK)


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
