"""Fixtures of several test layers: one deployed pipeline per process, started when a test first needs it."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

if TYPE_CHECKING:
    from local.instance import Instance
    from tests.deployed import DeployedPipeline

TOGETHER = {
    "tests/emulator": "instance of emulator",
    "tests/e2e": "instance of e2e",
    "tests/sabotage/test_chaos.py": "instance of e2e",
    "tests/workflows": "workflows",
    "tests/infrastructure": "templates",
}
"""Tests that run in one process in a parallel run, because they share an instance, engines, or synthesized templates.
Two instances, because the tests of one take longer than all others in the other processes."""

RUNNING_INSTANCE = "IMAGE_SCALER_INSTANCE"
"""The folder of a running instance (`make up`: .local); tests use it and leave it running."""


class BySharedParts(LoadScopeScheduling):
    """Gives a process all tests with shared parts, and the others one module at a time."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid.partition("::")[0])


def scope_of(path: str) -> str:
    """Return the scope that the tests of a file share: a value of TOGETHER, or the file itself."""
    return TOGETHER.get(path) or TOGETHER.get("/".join(path.split("/")[:2])) or path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> BySharedParts:
    """Schedule parallel runs. pytest-xdist 3.8 has its own groups, which do not work with pytest 9.2."""
    return BySharedParts(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest tests first, so that parallel processes end together."""
    items.sort(key=lambda item: _turn(item.nodeid.partition("::")[0]))


def _turn(path: str) -> int:
    scope = scope_of(path)
    if scope.startswith("instance"):
        return 0
    if path.startswith("tests/unit/imaging/"):
        return 1  # decoders run in forks of this process, under a limit of memory: before templates fill it
    return 3 if scope == path else 2


def pytest_collection_finish() -> None:
    """Exclude imported objects from garbage collection: they are many, permanent, and were scanned again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> "Instance":
    """The instance of this process, in a separate folder; `deployed` starts it."""
    from local.console import Progress
    from local.instance import Instance
    from local.workspace import Workspace

    home = os.environ.get(RUNNING_INSTANCE)
    workspace = Workspace(Path(home).resolve() if home else tmp_path_factory.mktemp("instance"))
    return Instance(workspace, Progress(quiet=True))


@pytest.fixture(scope="session")
def deployed(instance: "Instance") -> "Iterator[DeployedPipeline]":
    """Start everything on free ports, deploy, and stop it at the end."""
    from tests.deployed import DeployedPipeline

    with instance.running() as outputs:
        pipeline = DeployedPipeline(outputs)
        yield pipeline
        pipeline.close()


@pytest.fixture
def pipeline(deployed: "DeployedPipeline") -> "Iterator[DeployedPipeline]":
    """The deployed pipeline; resets Rekognition's stand-in before and after the test."""
    deployed.rekognition.reset()
    yield deployed
    deployed.rekognition.reset()
