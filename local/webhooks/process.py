"""Starts the receiver of webhooks as a process, and returns its addresses."""

import httpx

from local.certificates import Certificates
from local.emulator_clients import start_client
from local.prerequisites import LOOPBACK
from local.processes import ProcessBook, Running
from local.workspace import Workspace

NAME = "webhook receiver"


def url(port: int) -> str:
    """Return the receiver's base URL."""
    return f"http://localhost:{port}"


def webhook_url(port: int) -> str:
    """Return the URL that the stage's webhook gets. An address: resolving a name would take time."""
    return f"http://{LOOPBACK}:{port}/webhooks"


def start(workspace: Workspace, book: ProcessBook, port: int, emulator_url: str, certificates: Certificates) -> Running:
    """Start it and return when it answers. Raises LocalError with the end of its log."""
    return start_client(
        NAME,
        "local.webhooks",
        port,
        log="webhooks.log",
        workspace=workspace,
        book=book,
        emulator_url=emulator_url,
        certificates=certificates,
        is_ready=lambda: _answers(f"http://{LOOPBACK}:{port}/events"),
    )


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False
