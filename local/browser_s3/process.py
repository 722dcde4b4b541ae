"""Starts S3 for browsers as a process, and returns its address."""

import socket

from local.certificates import Certificates
from local.emulator_clients import start_client
from local.prerequisites import LOOPBACK
from local.processes import ProcessBook, Running
from local.workspace import Workspace

NAME = "S3 for browsers"


def url(port: int) -> str:
    """Return the endpoint of presigned requests."""
    return f"http://localhost:{port}"


def start(workspace: Workspace, book: ProcessBook, port: int, emulator_url: str, certificates: Certificates) -> Running:
    """Start it and return when it listens. Raises LocalError with the end of its log."""
    return start_client(
        NAME,
        "local.browser_s3",
        port,
        log="browser-s3.log",
        workspace=workspace,
        book=book,
        emulator_url=emulator_url,
        certificates=certificates,
        is_ready=lambda: _listens(port),
    )


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=2).close()
    except OSError:
        return False
    return True
