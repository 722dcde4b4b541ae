"""Checks the prerequisites before anything is started; each message says what to do."""

import re
import shutil
import socket
import subprocess
from pathlib import Path

from local.errors import LocalError

NODE_MAJOR = 20
LOOPBACK = "127.0.0.1"


def node() -> str:
    """Return the path of a node that is new enough for the CDK's command line. Raises LocalError."""
    path = shutil.which("node")
    if path is None:
        raise LocalError(
            f"node is not on the PATH. The AWS CDK's command line runs on Node {NODE_MAJOR} or newer: "
            "install it (https://nodejs.org) and try again."
        )
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v(\d+)\.", answer.stdout)
    if version is None:
        raise LocalError(f"{path} --version printed {(answer.stdout or answer.stderr).strip()!r}; is it Node?")
    if int(version[1]) < NODE_MAJOR:
        raise LocalError(
            f"{path} is Node {answer.stdout.strip()}; the AWS CDK's command line needs {NODE_MAJOR} or newer."
        )
    return path


def cdk(checkout: Path) -> str:
    """Return the path of the CDK's command line that package-lock.json pins. Raises LocalError."""
    path = checkout / "node_modules" / "aws-cdk" / "bin" / "cdk"
    if not path.exists():
        raise LocalError(f"{path} is missing. Run `make setup`, which installs it with `npm ci`.")
    return str(path)


def free_port_near(default: int) -> int:
    """Return ``default`` if it is free on the loopback, otherwise any free port."""
    try:
        return choose_port(default, "a default")
    except LocalError:
        return choose_port(None, "anything")


def choose_port(wanted: int | None, purpose: str) -> int:
    """Return ``wanted`` if it is free on the loopback, or any free port if it is None. Raises LocalError."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, wanted or 0))
        except OSError as error:
            raise LocalError(
                f"Port {wanted} for {purpose} is in use ({error.strerror}). "
                "Stop the process that uses it, give another port, or omit the option to use a free one."
            ) from error
        port: int = listener.getsockname()[1]
        return port
