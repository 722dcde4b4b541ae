"""The command image-scaler against the local edge."""

import json

from typer.testing import CliRunner

from cdk import config, names
from image_scaler import cli
from local.stages import STAGES
from tests.e2e.edge import Viewer

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def signer_of(viewer: Viewer) -> list[str]:
    outputs = viewer.outputs
    return ["--key-pair-id", str(outputs.edge_key_pair_id), "--private-key", str(outputs.edge_private_key_file)]


def test_status_prints_the_record(viewer, picture):
    done = CliRunner().invoke(cli.app, ["status", picture, "--edge", viewer.url, *signer_of(viewer)])

    assert done.exit_code == 0
    assert json.loads(done.stdout)["status"] == "PUBLISHED"


def test_status_of_an_unknown_image_says_so_and_fails(viewer):
    done = CliRunner().invoke(cli.app, ["status", UNKNOWN, "--edge", viewer.url, *signer_of(viewer)])

    assert done.exit_code == 1
    assert done.stderr.startswith("404 ")


def test_a_url_signed_by_the_command_opens_the_edge(viewer, picture):
    url = viewer.image_url(picture, "width=200&format=jpeg")

    done = CliRunner().invoke(cli.app, ["sign", url, "--all-sizes", *signer_of(viewer)])

    assert viewer.http.get(done.stdout.strip()).status_code == 200


def test_local_and_cdk_call_stages_and_stacks_by_one_name():
    assert [stage.name for stage in STAGES] == [name for name, each in config.STAGES.items() if each.runs_on_emulator]
    for stage in STAGES:
        assert names.stack_name(stage.name, "Edge") == stage.edge_stack
        assert names.stack_name(stage.name, "Pipeline") == stage.pipeline_stack
