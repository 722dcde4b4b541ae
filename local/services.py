"""The local services beside the emulator: the Rekognition stand-in, S3 for browsers and the webhook receiver.

Each is a process that calls the emulator with root credentials.
"""

import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from local.certificates import Certificates
from local.emulator import REGION, ROOT_CREDENTIALS
from local.prerequisites import LOOPBACK
from local.processes import ProcessBook, Running, answers, wait_until_ready
from local.rekognition.detectors import LocalDetector
from local.workspace import Workspace


@dataclass(frozen=True)
class Service:
    """A process that runs ``python -m module port`` with further ``arguments``.

    ``log`` is a file name in the workspace's log folder. ``is_ready`` tells whether it answers on a port.
    """

    name: str
    module: str
    log: str
    is_ready: Callable[[int], bool]
    arguments: tuple[str, ...] = ()

    def start(
        self, workspace: Workspace, book: ProcessBook, port: int, *, emulator_url: str, certificates: Certificates
    ) -> Running:
        """Start it and return when it is ready. Raises LocalError with the last lines of its log."""
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
        command = [sys.executable, "-m", self.module, str(port), *self.arguments]
        log = workspace.logs / self.log
        running = book.start(self.name, command, environment=environment, log=log, folder=workspace.checkout)
        wait_until_ready(running, lambda: self.is_ready(port))
        return running


def rekognition_url(port: int) -> str:
    """Return Rekognition's endpoint for boto3."""
    return f"http://{LOOPBACK}:{port}"


def rekognition_control_url(port: int) -> str:
    """Return the URL of the stand-in's control endpoint."""
    return f"{rekognition_url(port)}/control"


def uploads_url(port: int) -> str:
    """Return the endpoint of browsers' presigned requests."""
    return f"http://localhost:{port}"


def webhooks_url(port: int) -> str:
    """Return the base URL of the receiver of webhooks."""
    return f"http://localhost:{port}"


def webhook_url(port: int) -> str:
    """Return the URL that the stage's webhook gets. An address: resolving a name would take time."""
    return f"http://{LOOPBACK}:{port}/webhooks"


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=2).close()
    except OSError:
        return False
    return True


def rekognition(detector: LocalDetector) -> Service:
    """Return the Rekognition stand-in that judges with a detector."""
    return Service(
        "Rekognition stand-in",
        "local.rekognition",
        log="rekognition.log",
        is_ready=lambda port: answers(rekognition_control_url(port)),
        arguments=(detector,),
    )


BROWSER_S3: Final = Service("S3 for browsers", "local.browser_s3", log="browser-s3.log", is_ready=_listens)

WEBHOOKS: Final = Service(
    "webhook receiver",
    "local.webhooks",
    log="webhooks.log",
    is_ready=lambda port: answers(f"http://{LOOPBACK}:{port}/events"),
)
