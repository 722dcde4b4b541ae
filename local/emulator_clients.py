"""Starts processes that call the emulator with root credentials."""

import sys
from collections.abc import Callable, Sequence

from local.certificates import Certificates
from local.emulator import REGION, ROOT_CREDENTIALS
from local.processes import ProcessBook, Running, wait_until_ready
from local.workspace import Workspace


def start_client(
    name: str,
    module: str,
    port: int,
    *,
    log: str,
    workspace: Workspace,
    book: ProcessBook,
    emulator_url: str,
    certificates: Certificates,
    is_ready: Callable[[], bool],
    arguments: Sequence[str] = (),
) -> Running:
    """Run ``python -m module port`` with further arguments and return when it is ready.

    Raises LocalError with the last lines of its log. ``log`` is a file name in the workspace's log folder.
    """
    environment = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(workspace.scratch),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": emulator_url,
        "AWS_CA_BUNDLE": str(certificates.authority),
        **ROOT_CREDENTIALS,
    }
    command = [sys.executable, "-m", module, str(port), *arguments]
    running = book.start(name, command, environment=environment, log=workspace.logs / log, folder=workspace.checkout)
    wait_until_ready(running, is_ready)
    return running
