"""Starts S3 for browsers as a process, and returns its address."""

import socket
import sys

from local.certificates import Certificates
from local.emulator import REGION, ROOT_CREDENTIALS
from local.prerequisites import LOOPBACK
from local.processes import ProcessBook, Running, wait_until_ready
from local.workspace import Workspace

NAME = "S3 for browsers"


def url(port: int) -> str:
    """Return the endpoint of presigned requests."""
    return f"http://localhost:{port}"


def start(workspace: Workspace, book: ProcessBook, port: int, emulator_url: str, certificates: Certificates) -> Running:
    """Start it and return when it listens. Raises LocalError with the end of its log."""
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
    running = book.start(
        NAME, [sys.executable, "-m", "local.browser_s3", str(port)], environment=environment,
        log=workspace.logs / "browser-s3.log", folder=workspace.checkout,
    )  # fmt: skip
    wait_until_ready(running, lambda: _listens(port))
    return running


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=2).close()
    except OSError:
        return False
    return True
