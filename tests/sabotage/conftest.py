"""Options of the run with random faults, and the viewer of the edge."""

import pytest

from tests.e2e.edge import Viewer


def pytest_addoption(parser):
    group = parser.getgroup("sabotage")
    group.addoption("--minutes", type=float, help="how long test_chaos runs")
    group.addoption("--seed", type=int, help="seed of test_chaos; a random one with --minutes")


@pytest.fixture
def viewer(deployed):
    with (viewer := Viewer(deployed.outputs)).http:
        yield viewer
