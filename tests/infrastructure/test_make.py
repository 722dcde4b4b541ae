"""make synth and make deploy, run for real in an empty checkout: which signing keys they make, and which they take.

The CDK's command line is not run; a stand-in for npx records its arguments and writes empty templates. Nothing is
deployed, because the checks of the account find no credentials.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cdk.config import ConfigError
from cdk.packaging import ROOT
from cdk.signing_keys import SigningKeys

UP_TO_DATE = (
    "requirements/dev.txt", "requirements/uv.txt", "pyproject.toml", "package-lock.json", ".venv/.complete",
    "node_modules/.complete",
)  # fmt: skip
"""Files that `make setup` checks, generated ones last."""
MANIFEST = '{"artifacts": {"stack": {}}}'
EMPTY_TEMPLATE = '{"Resources": {}}'


@pytest.fixture
def make(tmp_path):
    """Return a function that runs a target for a stage in ``tmp_path`` and returns the calls of npx."""
    for name in UP_TO_DATE:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    calls = tmp_path / "calls"
    npx = tmp_path / "stand-in" / "npx"
    npx.parent.mkdir()
    templates = "cdk.out/ImageScaler-$STAGE-Pipeline.template.json cdk.out/ImageScaler-$STAGE-Edge.template.json"
    npx.write_text(
        f'#!/bin/sh\necho "$@" >> "{calls}"\nmkdir -p cdk.out\necho \'{MANIFEST}\' > cdk.out/manifest.json\n'
        f"for each in {templates}; do echo '{EMPTY_TEMPLATE}' > \"$each\"; done\n"
    )
    npx.chmod(0o755)
    keyless = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "1",
    }
    environment = {
        **os.environ,
        **keyless,
        "PATH": f"{npx.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }

    def made(target, stage):
        calls.unlink(missing_ok=True)
        command = ["make", "-f", str(ROOT / "Makefile"), target, f"STAGE={stage}", f"BIN={Path(sys.executable).parent}"]
        ended = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
        assert (ended.returncode == 0) is (target != "deploy"), ended.stderr  # there are no credentials to deploy with
        return calls.read_text().split("\n")[:-1]

    return made


def public_files(folder):
    return {path for group in ("viewers", "control") for path in (folder / group).glob("*.pem")}


def test_deploying_a_real_stage_makes_no_keys_and_so_is_refused_where_there_are_none(make, tmp_path):
    assert make("deploy", "prod") == ["--no-install cdk synth --quiet -c stage=prod"]

    assert not (tmp_path / "keys").exists()
    with pytest.raises(ConfigError) as refused:
        SigningKeys.read(tmp_path / "keys" / "prod")
    assert f"image-scaler keys create --directory {tmp_path / 'keys' / 'prod'}" in str(refused.value)
    assert "commit the folders viewers and control" in str(refused.value)
    assert "private" in str(refused.value)


def test_a_real_stage_without_keys_is_synthesized_with_some_that_no_deployment_reads(make, tmp_path):
    assert make("synth", "prod") == ["--no-install cdk synth --quiet -c stage=prod -c keys=build/keys/prod"]

    assert len(public_files(tmp_path / "build" / "keys" / "prod")) == 2
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    "left", ["private/viewers-0123456789abcdef.pem", "viewers/20260101T000000Z-0123456789abcdef.pem"]
)
def test_nothing_is_ever_added_to_the_keys_of_a_real_stage(make, tmp_path, left):
    keys = tmp_path / "keys" / "prod"
    (keys / left).parent.mkdir(parents=True)
    (keys / left).touch()

    make("synth", "prod")
    make("deploy", "prod")

    assert [path for path in keys.rglob("*") if path.is_file()] == [keys / left]


def test_a_real_stage_with_keys_is_synthesized_with_them(make, tmp_path):
    command = [sys.executable, "-m", "image_scaler.cli", "keys", "create", "--stage", "prod"]
    subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    before = public_files(tmp_path / "keys" / "prod")

    assert make("synth", "prod") == ["--no-install cdk synth --quiet -c stage=prod -c keys=keys/prod"]
    assert public_files(tmp_path / "keys" / "prod") == before
    assert not (tmp_path / "build").exists()


def test_missing_keys_of_dev_are_created_once(make, tmp_path):
    assert make("deploy", "dev") == ["--no-install cdk synth --quiet -c stage=dev"]
    first = public_files(tmp_path / "keys" / "dev")

    assert make("synth", "dev") == ["--no-install cdk synth --quiet -c stage=dev -c keys=keys/dev"]
    assert public_files(tmp_path / "keys" / "dev") == first
    assert len(first) == 2
