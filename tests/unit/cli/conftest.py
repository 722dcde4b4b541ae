"""The command against the real functions, over HTTP, with a profile in a file."""

import pytest
from typer.testing import CliRunner

from image_scaler import cli
from tests.fakes.handlers import Function
from tests.fakes.keys import to_pem
from tests.fakes.machines import Machine
from tests.fakes.service import Service


@pytest.fixture
def service(aws, monkeypatch, ec_key):
    Machine("retire")  # `manage` starts it
    functions = {name: Function(name, monkeypatch) for name in ("upload", "manage", "policies")}
    service = Service("", functions, control={"KCONTROL": ec_key.public_key()})
    with service.server():
        yield service


@pytest.fixture
def profile(tmp_path, monkeypatch, ec_key):
    """Return a function that writes the only profile, for an edge."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "config" / "image-scaler"
    folder.mkdir(parents=True)
    (folder / "control.pem").write_bytes(to_pem(ec_key))

    def written(edge: str, key_pair_id: str = "KCONTROL") -> None:
        key = f'{{ key_pair_id = "{key_pair_id}", private_key_file = "control.pem" }}'
        text = f'[default]\nedge = "{edge}"\ncontrol = {key}\nviewers = {key}\n'
        (folder / "profiles.toml").write_text(text)

    return written


@pytest.fixture
def run(service, profile):
    """Run a command against the service."""
    profile(service.url)
    return lambda *arguments: CliRunner().invoke(cli.app, [str(each) for each in arguments])
