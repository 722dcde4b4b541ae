"""The edge server as a process: how it is started, and the addresses that it adds to an instance's outputs."""

import json
import os
import sys
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

    ``outputs`` are those of the Pipeline, written to the workspace already; their ``api_url`` leads straight to the
    emulator, the returned one to the firewall in front of it. Raises LocalError with the end of the server's log.
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
        outputs,
        api_url=f"http://localhost:{api_port}/{urlsplit(outputs.api_url).path.rsplit('/', 1)[-1]}",
        edge_url=edge_url,
        edge_key_pair_id=made["stack"]["ViewersKeyPairIds"].partition(",")[0],
        edge_private_key_file=str(_private_key(workspace.keys)),
        edge_stack=made["stack"],
    )


def _private_key(keys: Path) -> Path:
    found = sorted((keys / "private").glob("*.pem"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise LocalError(f"{keys} has no private key. Delete the folder; the next start makes new keys.")
    return found[0]


def _answers(address: str) -> bool:
    """Tell whether the edge refuses as it should: it has nothing that everybody may see."""
    try:
        return httpx.get(address, timeout=5, trust_env=False).status_code == httpx.codes.FORBIDDEN
    except httpx.TransportError:
        return False
