"""What the tests of the edge share: a viewer, and a picture that is published."""

import pytest

from tests import pictures
from tests.e2e.edge import Viewer


@pytest.fixture
def viewer(deployed):
    with (viewer := Viewer(deployed.outputs)).http:
        yield viewer


@pytest.fixture(scope="session")
def picture(deployed):
    """The id of a published picture of 1500 by 1000 px."""
    deployed.rekognition.reset()
    ended = deployed.run(pictures.jpeg(1500, 1000))
    assert ended.status == "PUBLISHED"
    return ended.image_id
