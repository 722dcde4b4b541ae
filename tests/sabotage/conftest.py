"""Options of the storm, and the viewer of the edge."""

import pytest

from tests.e2e.edge import Viewer


def pytest_addoption(parser):
    group = parser.getgroup("sabotage")
    group.addoption("--minutes", type=float, help="how long the storm of tests/sabotage goes on")
    group.addoption("--seed", type=int, help="the storm's seed; a random one with --minutes")


@pytest.fixture
def viewer(deployed):
    with (viewer := Viewer(deployed.outputs)).http:
        yield viewer
