"""What the machine lacks is said before anything starts, with what to do about it."""

import contextlib
import socket

import pytest

from local.errors import LocalError
from local.instance import DEFAULTS, Ports
from local.outputs import Outputs
from local.prerequisites import cdk, choose_port, node


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def put_node(path, answer):
    (path / "node").write_text(f"#!/bin/sh\necho {answer}\n")
    (path / "node").chmod(0o755)


def test_a_missing_node_is_told(path):
    with pytest.raises(LocalError, match=r"node is not on the PATH.*20 or newer"):
        node()


@pytest.mark.parametrize("version", ["v18.19.1", "v4.0.0"])
def test_a_node_that_is_too_old_is_told_with_its_version(path, version):
    put_node(path, version)

    with pytest.raises(LocalError, match=rf"is Node {version}.*needs 20 or newer"):
        node()


@pytest.mark.parametrize("version", ["v20.0.0", "v24.3.0"])
def test_a_node_that_is_new_enough_is_taken(path, version):
    put_node(path, version)

    assert node() == str(path / "node")


def test_something_else_called_node_is_told(path):
    put_node(path, "hello")

    with pytest.raises(LocalError, match="is it Node"):
        node()


def test_a_missing_cdk_is_told_with_the_command_that_installs_it(tmp_path):
    with pytest.raises(LocalError, match=r"make setup.*npm ci"):
        cdk(tmp_path)


def test_a_port_that_is_taken_is_told_with_its_purpose():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        with pytest.raises(LocalError, match=rf"Port {port} for the emulator is in use"):
            choose_port(port, "the emulator")


def test_without_a_wish_a_free_port_is_chosen():
    port = choose_port(None, "the emulator")

    with socket.create_server(("127.0.0.1", port)):
        pass


def test_reading_the_addresses_when_nothing_runs_says_what_starts_it(tmp_path):
    with pytest.raises(LocalError, match="make up"):
        Outputs.read(tmp_path / "outputs.json")


def test_outputs_of_another_release_say_how_to_start_over(tmp_path):
    (tmp_path / "outputs.json").write_text('{"api_url": "http://localhost"}')

    with pytest.raises(LocalError, match=r"written by another release\. `make down` stops"):
        Outputs.read(tmp_path / "outputs.json")


def test_the_documented_ports_are_taken_where_they_are_free_and_others_where_not():
    with contextlib.ExitStack() as stack:
        for default in DEFAULTS[:2]:
            with contextlib.suppress(OSError):  # something else may listen there already
                stack.enter_context(socket.create_server(("127.0.0.1", default)))

        ports = Ports(emulator=9).with_defaults()

    assert ports.emulator == 9
    assert not {ports.edge, ports.browser_s3} & set(DEFAULTS[:2])
    assert all((ports.edge, ports.browser_s3, ports.api, ports.rekognition))
