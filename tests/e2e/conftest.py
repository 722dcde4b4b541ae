"""What the tests of the edge share: a viewer, and a picture that is published."""

import pytest

from tests import pictures
from tests.deployed import DeployedPipeline
from tests.e2e.edge import Viewer


def published(pipeline):
    """Return the id of a picture of 1500 by 1000 px that went through a stage's pipeline."""
    pipeline.rekognition.reset()
    ended = pipeline.run(pictures.jpeg(1500, 1000))
    assert ended.status == "PUBLISHED"
    return ended.image_id


@pytest.fixture
def viewer(deployed):
    with (viewer := Viewer(deployed.outputs)).http:
        yield viewer


@pytest.fixture(scope="session")
def picture(deployed):
    """The id of a published picture of 1500 by 1000 px."""
    return published(deployed)


@pytest.fixture(scope="session")
def deployed_v1(instance, deployed):
    """The same for a stage with delivery v1, deployed in the same emulator."""
    pipeline = DeployedPipeline(instance.up_v1())
    yield pipeline
    pipeline.close()


@pytest.fixture
def viewer_v1(deployed_v1):
    with (viewer := Viewer(deployed_v1.outputs)).http:
        yield viewer


@pytest.fixture(scope="session")
def picture_v1(deployed_v1):
    """The id of a published picture of 1500 by 1000 px in the stage with delivery v1."""
    return published(deployed_v1)
