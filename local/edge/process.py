"""Starts the edge server as a process and adds its addresses to an instance's outputs."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from local.errors import LocalError
from local.outputs import Outputs
from local.processes import ProcessBook, wait_until_ready
from local.stages import Stage
from local.workspace import Workspace


def start(
    workspace: Workspace,
    book: ProcessBook,
    stage: Stage,
    *,
    assembly: Path,
    outputs: Outputs,
    port: int,
    api_port: int,
) -> Outputs:
    """Deploy the stage's Edge stack, serve it, and return the outputs with the edge's addresses.

    ``outputs`` are those of the Pipeline, already written to the workspace. Their ``api_url`` is the emulator's, the
    returned one that of the firewall in front of it. Raises LocalError with the end of the server's log.
    """
    announcement = workspace.home / f"{stage.edge_process}.json"
    announcement.unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "local.edge",
        "--template", str(assembly / f"{stage.edge_stack}.template.json"),
        "--outputs", str(workspace.outputs_of(stage)),
        "--port", str(port),
        "--api-port", str(api_port),
        "--announce", str(announcement),
    ]  # fmt: skip
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": str(workspace.scratch)}
    log = workspace.logs / f"{stage.edge_process}.log"
    running = book.start(stage.edge_process, command, environment=environment, log=log, folder=workspace.checkout)
    edge_url = f"http://localhost:{port}"
    wait_until_ready(running, lambda: announcement.exists() and _answers(edge_url))
    made = json.loads(announcement.read_text())
    return replace(
        _with_signers(outputs, made["stack"], workspace.keys),
        api_url=f"http://localhost:{api_port}/{urlsplit(outputs.api_url).path.rsplit('/', 1)[-1]}",
        edge_url=edge_url,
        edge_stack=made["stack"],
    )


def _with_signers(outputs: Outputs, stack: Mapping[str, str], keys: Path) -> Outputs:
    """Return the outputs with their signers: the groups share their older key."""
    shared, viewers = stack["ViewersKeyPairIds"].split(",")
    _, control = stack["ControlKeyPairIds"].split(",")
    return replace(
        outputs,
        edge_key_pair_id=shared,
        edge_private_key_file=_private_key(keys, "viewers-control"),
        viewers_key_pair_id=viewers,
        viewers_private_key_file=_private_key(keys, "viewers"),
        control_key_pair_id=control,
        control_private_key_file=_private_key(keys, "control"),
    )


def _private_key(keys: Path, groups: str) -> str:
    found = sorted((keys / "private").glob(f"{groups}-{'[0-9a-f]' * 16}.pem"))
    if len(found) != 1:
        raise LocalError(
            f"{keys} has {len(found)} private keys of {groups}. Delete the folder; `make up` creates new keys."
        )
    return str(found[0])


def _answers(address: str) -> bool:
    """Return whether the edge responds with a refusal, as it must without a signature."""
    try:
        return httpx.get(address, timeout=5, trust_env=False).status_code == httpx.codes.FORBIDDEN
    except httpx.TransportError:
        return False
