"""``pip install .`` in an empty environment installs a working command (``make test-package``)."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
IMAGE = "01JDXYZ0000000000000000000"

pytestmark = pytest.mark.package


def run(*command, **options):
    return subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False, **options)


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """A virtual environment that contains only the package and its dependencies."""
    folder = tmp_path_factory.mktemp("package") / "venv"
    for command in (["venv", folder], ["pip", "install", "--python", folder / "bin" / "python", CHECKOUT]):
        done = run(sys.executable, "-m", "uv", *command)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def command(environment, tmp_path):
    """Return a function that runs the installed command in an empty folder outside the checkout."""
    variables = {"PATH": os.defpath, "HOME": str(tmp_path)}
    return lambda *arguments: run(environment / "bin" / "image-scaler", *arguments, cwd=tmp_path, env=variables)


def test_the_command_prints_its_version(command):
    assert command("--version").stdout == f"image-scaler {PROJECT['version']}\n"


def test_a_created_key_signs_a_url(command, tmp_path):
    assert command("keys", "create", "--directory", tmp_path).returncode == 0
    (key,) = (tmp_path / "private").glob("viewers-*.pem")

    url = f"https://images.example.com/images/{IMAGE}"
    signed = command("sign", url, "--key-pair-id", "KVIEWERS", "--private-key", key)

    assert signed.stdout.startswith(f"{url}?Expires=")


def test_an_upload_without_a_profile_fails_with_one_line(command, tmp_path):
    picture = tmp_path / "cat.webp"
    picture.write_bytes(b"picture")

    done = command("upload", picture)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("image-scaler: no profile found: ")
    assert len(done.stderr.splitlines()) == 1


def test_commands_that_need_boto3_say_how_to_install_it(command, tmp_path):
    profiles = tmp_path / ".config" / "image-scaler" / "profiles.toml"
    profiles.parent.mkdir(parents=True)
    profiles.write_text('[prod]\nedge = "https://images.example.com"\naws = {}\n')

    done = command("logs", IMAGE)

    assert (done.returncode, done.stderr) == (
        2, "image-scaler: this command needs boto3: pip install 'image-scaler[operator]'\n"
    )  # fmt: skip


def test_the_command_prints_a_completion_script(command):
    assert "_image_scaler_completion" in command("--show-completion", "bash").stdout


def test_the_package_contains_type_information_and_no_code_of_the_service(tmp_path):
    done = run(sys.executable, "-m", "uv", "build", "--wheel", "--no-build-isolation", "--out-dir", tmp_path, CHECKOUT)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")

    names = zipfile.ZipFile(wheel).namelist()
    metadata = zipfile.ZipFile(wheel).read(f"image_scaler-{PROJECT['version']}.dist-info/METADATA").decode()
    assert "image_scaler/py.typed" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"image_scaler"}
    assert "Provides-Extra: operator" in metadata
    assert f"Summary: {PROJECT['description']}" in metadata


def test_mypy_accepts_a_program_that_uses_the_client(environment, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "from image_scaler.client import Client\n"
        "with Client.from_profile() as client:\n"
        "    reveal_type(client.wait(client.upload('a.jpg').id).size)\n"
    )

    done = run(sys.executable, "-m", "mypy", "--strict", "--python-executable", environment / "bin" / "python",
               "--cache-dir", tmp_path / "cache", program, cwd=tmp_path)  # fmt: skip

    assert 'Revealed type is "tuple[int, int] | None"' in done.stdout, done.stdout
    assert done.returncode == 0
