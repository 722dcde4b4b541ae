"""The Rekognition stand-in as a process: how it is started, and its addresses."""

import httpx

from local.certificates import Certificates
from local.emulator_clients import start_client
from local.prerequisites import LOOPBACK
from local.processes import ProcessBook, Running
from local.workspace import Workspace

NAME = "Rekognition stand-in"


def url(port: int) -> str:
    """Return the address that boto3 gets as Rekognition's endpoint."""
    return f"http://{LOOPBACK}:{port}"


def control_url(port: int) -> str:
    """Return the address of the switches."""
    return f"{url(port)}/control"


def start(workspace: Workspace, book: ProcessBook, port: int, emulator_url: str, certificates: Certificates) -> Running:
    """Start the stand-in and return when it answers. Raises LocalError with the end of its log."""
    return start_client(
        NAME,
        "local.rekognition",
        port,
        log="rekognition.log",
        workspace=workspace,
        book=book,
        emulator_url=emulator_url,
        certificates=certificates,
        is_ready=lambda: _answers(control_url(port)),
    )


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False
