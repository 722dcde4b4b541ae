"""The command image-scaler against a running instance, which it finds automatically."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cdk import config, names
from image_scaler import cli
from image_scaler.operator.stage import STACKS
from local.stages import STAGES
from tests import pictures


@pytest.fixture
def run(pipeline, tmp_path, monkeypatch):
    """Run a command in a folder whose .local is the instance."""
    (tmp_path / ".local").symlink_to(Path(pipeline.outputs.ca_file).parents[1])
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(cli.app, [str(each) for each in arguments])


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(pictures.jpeg(600, 400))
    return path


@pytest.mark.parametrize("method", ["api", "put", "post"])
def test_an_upload_by_each_way_is_published(run, photo, method):
    done = run("upload", photo, "--wait", "--method", method, "--json")

    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "PUBLISHED"


def test_an_image_is_uploaded_signed_shown_and_removed(run, photo, viewer):
    identity = run("upload", photo, "--wait").stdout.strip()

    address = run("sign", identity, "--width", "200", "--format", "jpeg").stdout.strip()
    assert viewer.http.get(address).status_code == 200
    assert "600 x 400 px" in run("get", identity).stdout

    removed = run("delete", identity, "--wait")
    assert removed.exit_code == 0, removed.stderr
    assert run("get", identity).stdout.startswith(f"{identity}  REMOVED")


def test_logs_of_an_image_include_every_function_that_processed_it(run, photo):
    identity = run("upload", photo, "--wait").stdout.strip()

    lines = [json.loads(line) for line in run("logs", identity, "--json").stdout.splitlines()]

    assert {"upload", "optimize", "moderate", "persist"} <= {line["log"]["service"] for line in lines}
    assert all(line["log"]["image_id"] == identity for line in lines)
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)


def test_a_held_image_is_resumed(run, photo, pipeline):
    pipeline.rekognition.set(refuse=1)
    held = run("upload", photo, "--wait", "--json")
    identity = json.loads(held.stdout)["id"]
    assert held.exit_code == 1

    resumed = run("resume", identity)

    assert (resumed.exit_code, resumed.stdout) == (0, f"{identity}  PUBLISHED\n")
    again = run("resume", identity)
    assert (again.exit_code, "is PUBLISHED; only an image that is HELD or FAILED" in again.stderr) == (1, True)


def test_status_shows_the_stages_activity(run, picture):
    told = json.loads(run("status", "--json").stdout)

    assert told["checks"] == {"api": "ok", "pictures": "ok"}
    assert told["images"]["PUBLISHED"] >= 1
    assert "WorkflowsIngest" in told["running"]
    assert "PrewarmingQueue" in told["waiting"]
    assert told["alarms"] == []


def test_the_command_and_cdk_call_stacks_by_one_name():
    assert [f"ImageScaler-dev-{stack}" for stack in STACKS] == [names.stack_name("dev", stack) for stack in STACKS]


def test_local_and_cdk_call_stages_and_stacks_by_one_name():
    assert [stage.name for stage in STAGES] == [name for name, each in config.STAGES.items() if each.runs_on_emulator]
    for stage in STAGES:
        assert names.stack_name(stage.name, "Edge") == stage.edge_stack
        assert names.stack_name(stage.name, "Pipeline") == stage.pipeline_stack
