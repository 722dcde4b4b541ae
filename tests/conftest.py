"""What more than one layer of tests shares: one deployed pipeline per run, started when a test first asks for it."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local.instance import Instance
    from tests.deployed import DeployedPipeline

CHECKOUT = Path(__file__).parents[1]

TOGETHER = {
    "tests/emulator": "instance",
    "tests/e2e": "instance",
    "tests/sabotage/test_chaos.py": "instance",
    "tests/workflows": "workflows",
    "tests/infrastructure": "templates",
}
"""What one process runs when tests run in parallel: it shares an instance, engines, or synthesized templates."""

RUNNING_INSTANCE = "IMAGE_SCALER_INSTANCE"
"""The folder of an instance that runs already (`make up`: .local); tests then use it and leave it running."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In parallel runs, keep together what shares something, and begin with what takes longest."""
    if not hasattr(config, "workerinput"):  # this process runs all tests
        return
    for item in items:
        path = item.path.relative_to(CHECKOUT)
        group = TOGETHER.get(str(path)) or TOGETHER.get("/".join(path.parts[:2]))
        if group:
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


def pytest_collection_finish() -> None:
    """Leave what was imported out of garbage collection: it is large, stays, and was looked at all the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> "Instance":
    """The instance of this run, in a folder of its own; `deployed` starts it."""
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
    """The deployed pipeline with Rekognition's stand-in as it starts, before and after the test."""
    deployed.rekognition.reset()
    yield deployed
    deployed.rekognition.reset()
