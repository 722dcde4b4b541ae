"""Starts the Rekognition stand-in as a process, and returns its addresses."""

import sys

import httpx

from local.certificates import Certificates
from local.emulator import REGION, ROOT_CREDENTIALS
from local.prerequisites import LOOPBACK
from local.processes import ProcessBook, Running, wait_until_ready
from local.workspace import Workspace

NAME = "Rekognition stand-in"


def url(port: int) -> str:
    """Return Rekognition's endpoint for boto3."""
    return f"http://{LOOPBACK}:{port}"


def control_url(port: int) -> str:
    """Return the URL of the control endpoint."""
    return f"{url(port)}/control"


def start(workspace: Workspace, book: ProcessBook, port: int, emulator_url: str, certificates: Certificates) -> Running:
    """Start the stand-in and wait until it responds. Raises LocalError with the end of its log."""
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
        NAME, [sys.executable, "-m", "local.rekognition", str(port)], environment=environment,
        log=workspace.logs / "rekognition.log", folder=workspace.checkout,
    )  # fmt: skip
    wait_until_ready(running, lambda: _answers(control_url(port)))
    return running


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False
