"""`up`, `down` and their messages, as a person types them."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import zipfile
from urllib.parse import urlsplit

import psutil
import pytest

from image_scaler.client import Method
from local import aws
from local.access import Access
from local.outputs import Outputs
from local.workspace import CHECKOUT
from tests import pictures

DOCUMENTED_OUTPUTS = (
    "api_url", "edge_url", "edge_key_pair_id", "edge_private_key_file", "emulator_url", "region", "state_machine_arn",
    "table", "buckets", "rekognition_control_url",
)  # fmt: skip


def cli(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "local.cli", *arguments], cwd=CHECKOUT, capture_output=True, text=True, timeout=1_800,
        check=False, **options,
    )  # fmt: skip


def running_below(home):
    """Return the processes whose command line or environment names a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and str(home) in " ".join([*process.cmdline(), *process.environ().values()]):
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def home(tmp_path):
    yield tmp_path / "instance"
    cli("down", "--home", str(tmp_path / "instance"))


def pretend_to_have_deployed(home, *, code_of=None, processes=(), **changed):
    """Change the recorded digests, so that the instance appears to run different code than is on disk."""
    if code_of:
        outputs = Outputs.read(home / "outputs.json")
        functions = aws.client("lambda", outputs)
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as other:
            other.writestr("other.py", "")
        functions.update_function_code(FunctionName=outputs.functions[code_of], ZipFile=archive.getvalue())
    deployed = json.loads((home / "deployed.json").read_text())
    deployed["processes"] |= dict.fromkeys(processes, "other")
    (home / "deployed.json").write_text(json.dumps(deployed | changed))


def test_up_starts_and_updates_everything_and_down_stops_it(home):
    up = cli("up", "--home", str(home))
    assert up.returncode == 0, up.stderr
    outputs = json.loads((home / "outputs.json").read_text())
    assert all(outputs.get(key) for key in DOCUMENTED_OUTPUTS), outputs
    assert set(outputs["buckets"]) == {"originals", "staging", "published", "generated", "reports"}
    assert running_below(home)

    with Access(Outputs.read(home / "outputs.json")) as access:
        picture = access.client.upload(pictures.jpeg(), filename="kept.jpg").id
        assert access.client.wait(picture).status == "PUBLISHED"
        url = access.client.pictures.url(picture, width=320)

    again = cli("up", "--home", str(home))
    assert "Already running: nothing has changed." in again.stdout
    assert json.loads((home / "outputs.json").read_text()) == outputs

    pretend_to_have_deployed(home, code_of="manage")
    assert "Already running: updated the code of manage." in cli("up", "--home", str(home)).stdout
    pretend_to_have_deployed(home, processes=("Rekognition stand-in", "S3 for browsers"))
    assert "restarted Rekognition stand-in; restarted S3 for browsers." in cli("up", "--home", str(home)).stdout
    pretend_to_have_deployed(home, templates="other", assembly="other")
    assert "updated the stacks to the changed templates; restarted the edge" in cli("up", "--home", str(home)).stdout

    after = Outputs.read(home / "outputs.json")
    assert json.loads((home / "outputs.json").read_text()) == outputs  # the same addresses and keys
    with Access(after) as access:  # and the same data
        assert access.client.get(picture).status == "PUBLISHED"
        assert access.http.get(url).status_code == 200
        another = access.client.upload(pictures.jpeg(), filename="new.jpg", method=Method.PUT).id
        assert access.client.wait(another).status == "PUBLISHED"

    fresh = cli("up", "--fresh", "--home", str(home), "--edge-port", str(urlsplit(outputs["edge_url"]).port))
    assert "Stopped the running instance" in fresh.stdout, fresh.stderr
    restarted = Outputs.read(home / "outputs.json")
    assert restarted.edge_url == outputs["edge_url"]
    with Access(restarted) as access:
        assert list(access.client.list()) == []

    down = cli("down", "--home", str(home))

    assert down.stdout.startswith("down: stopped")
    assert running_below(home) == []
    assert not (home / "outputs.json").exists()


def test_a_port_in_use_is_reported_and_nothing_keeps_running(home):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        up = cli("up", "--home", str(home), "--emulator-port", str(listener.getsockname()[1]))

    assert up.returncode == 1
    assert "is in use" in up.stderr
    assert "Traceback" not in up.stderr
    assert running_below(home) == []


def test_an_interrupted_up_leaves_nothing_running(home):
    process = subprocess.Popen(
        [sys.executable, "-m", "local.cli", "up", "--home", str(home)], cwd=CHECKOUT, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with process:
        for line in process.stdout:
            if "Starting" in line:
                break
        process.send_signal(signal.SIGTERM)

    assert process.returncode == 128 + signal.SIGTERM
    assert running_below(home) == []


def test_up_without_node_says_what_to_install(home, tmp_path):
    up = cli("up", "--home", str(home), env={**os.environ, "PATH": str(tmp_path)})

    assert up.returncode == 1
    assert "Node 20 or newer" in up.stderr
    assert running_below(home) == []


def test_down_reports_that_nothing_was_running(home):
    assert cli("down", "--home", str(home)).stdout == "down: nothing was running\n"
