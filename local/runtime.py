"""The interpreter in which the functions run locally.

It is a virtual environment with only the packages of AWS's Lambda runtime (boto3, AWS's runtime client), so a
dependency that is missing in a zip fails as it would on AWS.
"""

import hashlib
import sys
from pathlib import Path

from local.processes import run_logged
from local.workspace import Workspace


def ensure_runtime(workspace: Workspace) -> Path:
    """Return the path of the interpreter; create the environment if it is missing or its lock file has changed.

    Raises LocalError with the end of the installer's log.
    """
    lock = workspace.checkout / "requirements" / "runtime.txt"
    stamp = workspace.runtime / ".complete"
    wanted = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    python = workspace.runtime / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != wanted:
        uv = Path(sys.executable).parent / "uv"
        log = workspace.logs / "runtime.log"
        venv = [str(uv), "venv", "--quiet", "--clear", "--python", sys.executable, str(workspace.runtime)]
        run_logged("Creating the Lambda interpreter", venv, log=log, folder=workspace.checkout)
        install = [str(uv), "pip", "install", "--quiet", "--require-hashes", "--compile-bytecode"]
        install += ["--python", str(python), "-r", str(lock)]
        run_logged("Installing the Lambda interpreter's packages", install, log=log, folder=workspace.checkout)
        stamp.write_text(wanted)
    return python
