"""The AWS emulator (ministack): how it is started, and how to tell that it answers.

IAM is enforced (AUTH), TLS is on, it listens on the loopback alone and inherits no variable of the shell:
whatever it is started with reaches every function.
"""

import ssl
import sys
from pathlib import Path

from local.certificates import Certificates
from local.prerequisites import LOOPBACK
from local.processes import ProcessBook, Running, answers, wait_until_ready
from local.workspace import Workspace

REGION = "us-east-1"
ACCOUNT = "000000000000"
ROOT_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""The emulator's root user; it is what deploys. Functions get the keys of their own roles."""

RETRY_DELAY_SCALE = 0.2
"""What the emulator multiplies the waits between a state's retries with. It knows neither MaxDelaySeconds nor jitter:
unscaled, the last of six retries would wait 64 s."""


def url(port: int) -> str:
    """Return the emulator's address. An address, not a name: AWS's clients then keep the bucket in the path."""
    return f"https://{LOOPBACK}:{port}"


def start(
    workspace: Workspace,
    book: ProcessBook,
    *,
    port: int,
    certificates: Certificates,
    runtime_python: Path,
    rekognition_url: str,
    uploads_url: str,
) -> Running:
    """Start the emulator and return when it answers. Raises LocalError with the end of its log."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(workspace.scratch),
        "TMPDIR": str(workspace.scratch),
        "AUTH": "true",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(certificates.chain),
        "MINISTACK_SSL_KEY": str(certificates.key),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "GATEWAY_PORT": str(port),
        "SFN_WAIT_SCALE": str(RETRY_DELAY_SCALE),
        # Both would listen on fixed ports of every interface.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # What follows is for the functions.
        "IMAGE_SCALER_RUNTIME_PYTHON": str(runtime_python),
        "AWS_ENDPOINT_URL": url(port),
        "AWS_ENDPOINT_URL_REKOGNITION": rekognition_url,
        "UPLOADS_ENDPOINT_URL": uploads_url,
        "AWS_CA_BUNDLE": str(certificates.authority),
    }
    # hypercorn rather than ministack's own main, which also takes port 443 wherever it is free. The checkout is added
    # to the path of this process alone: PYTHONPATH, or a working directory in the checkout, would reach every function.
    served = f"import sys; sys.path.append({str(workspace.checkout)!r}); from hypercorn.__main__ import main; main()"
    command = [
        sys.executable, "-c", served, "local.emulator_app:app", "--bind", f"{LOOPBACK}:{port}", "--keep-alive", "75",
        "--certfile", str(certificates.chain), "--keyfile", str(certificates.key),
    ]  # fmt: skip
    log = workspace.logs / "emulator.log"
    running = book.start("emulator", command, environment=environment, log=log, folder=workspace.scratch)
    trust = ssl.create_default_context(cafile=str(certificates.authority))
    wait_until_ready(running, lambda: answers(f"{url(port)}/_ministack/health", verify=trust))
    return running
