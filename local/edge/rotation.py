"""``python -m local.edge.rotation``: rotate the origin's secret as Secrets Manager would.

The emulator's own rotation does not call functions. This module calls the Edge stack's function for the four steps,
with the events that Secrets Manager sends. The function does everything else itself, with its own role.
"""

import json
import sys
from typing import Any, Final
from uuid import uuid4

from local.aws import client
from local.errors import LocalError
from local.outputs import Outputs
from local.workspace import default_workspace

STEPS: Final = ("createSecret", "setSecret", "testSecret", "finishSecret")


def rotate_origin_secret(outputs: Outputs) -> str:
    """Run all four steps and return the id of the new version. Raises LocalError if one fails."""
    token = str(uuid4())
    functions = client("lambda", outputs)
    for step in STEPS:
        event = {"Step": step, "SecretId": outputs.edge_stack["OriginSecretArn"], "ClientRequestToken": token}
        answer = functions.invoke(
            FunctionName=outputs.edge_stack["RotateFunctionName"], Payload=json.dumps(event).encode()
        )
        if "FunctionError" in answer:
            raise LocalError(f"{step} failed: {_said(answer)}")
    return token


def _said(answer: dict[str, Any]) -> str:
    document = json.loads(answer["Payload"].read())
    return f"{document.get('errorType')}: {document.get('errorMessage')}"


def main() -> None:
    """Rotate the secret of the instance that `make up` started."""
    try:
        version = rotate_origin_secret(Outputs.read(default_workspace().outputs))
    except LocalError as error:
        sys.exit(f"image-scaler: {error}")
    print(f"rotated: the edge sends and the firewall accepts version {version}")


if __name__ == "__main__":
    main()
