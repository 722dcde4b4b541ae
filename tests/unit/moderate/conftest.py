"""ModerateImage over a fake Rekognition that replaces the HTTP transport."""

import pytest

from functions.shared.aws import client
from tests.fakes.aws import new_client
from tests.fakes.handlers import Function
from tests.fakes.rekognition import FakeRekognition


@pytest.fixture(scope="session")
def rekognition_client():
    return new_client("rekognition")


@pytest.fixture
def rekognition(rekognition_client):
    fake = FakeRekognition()
    fake.attach(rekognition_client)
    yield fake
    fake.detach(rekognition_client)


@pytest.fixture
def moderate_image(rekognition, monkeypatch):
    function = Function("moderate", monkeypatch)
    rekognition.attach(client("rekognition"))  # the process's own, which the handler just made
    return function
