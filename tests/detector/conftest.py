"""The instance of these tests, whose pictures the local model judges."""

import pytest

from local.console import Progress
from local.instance import Instance
from local.rekognition.detectors import LocalDetector
from local.workspace import Workspace


@pytest.fixture(scope="session")
def instance(tmp_path_factory):
    return Instance(Workspace(tmp_path_factory.mktemp("instance")), Progress(quiet=True), LocalDetector.LOCAL)
