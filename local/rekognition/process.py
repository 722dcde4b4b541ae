"""Starts the Rekognition stand-in as a process, and returns its addresses."""

import httpx

from local.certificates import Certificates
from local.emulator_clients import start_client
from local.prerequisites import LOOPBACK
from local.processes import ProcessBook, Running
from local.rekognition.detectors import LocalDetector
from local.workspace import Workspace

NAME = "Rekognition stand-in"


def url(port: int) -> str:
    """Return Rekognition's endpoint for boto3."""
    return f"http://{LOOPBACK}:{port}"


def control_url(port: int) -> str:
    """Return the URL of the control endpoint."""
    return f"{url(port)}/control"


def start(
    workspace: Workspace,
    book: ProcessBook,
    port: int,
    emulator_url: str,
    certificates: Certificates,
    *,
    detector: LocalDetector = LocalDetector.STAND_IN,
) -> Running:
    """Start the service and return when it answers. Raises LocalError with the end of its log."""
    return start_client(
        NAME,
        "local.rekognition",
        port,
        log="rekognition.log",
        workspace=workspace,
        book=book,
        emulator_url=emulator_url,
        certificates=certificates,
        arguments=[detector],
        is_ready=lambda: _answers(control_url(port)),
    )


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False
