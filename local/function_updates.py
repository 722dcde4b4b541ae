"""Replaces the code of deployed functions whose zip has changed, as `aws lambda update-function-code` does."""

import base64
import hashlib
from pathlib import Path
from typing import Any

from local.aws import client
from local.errors import LocalError
from local.outputs import Outputs


def update_functions(outputs: Outputs, zips: Path) -> list[str]:
    """Update every function of every stage to the code of its zip in ``zips``; return the names of those that changed.

    A function's zip is named after its package, the second part of its handler's path. Raises LocalError.
    """
    functions = client("lambda", outputs)
    changed = []
    for function in _deployed(functions):
        archive = zips / f"{function['Handler'].split('.')[1]}.zip"
        if not archive.is_file():
            raise LocalError(f"{archive}, the code of {function['FunctionName']}, is missing. Try `make up FRESH=1`.")
        content = archive.read_bytes()
        if base64.b64encode(hashlib.sha256(content).digest()).decode() == function["CodeSha256"]:
            continue
        functions.update_function_code(FunctionName=function["FunctionName"], ZipFile=content)
        changed.append(str(function["Description"]).removeprefix("image-scaler: ") or function["FunctionName"])
    return changed


def _deployed(functions: Any) -> list[dict[str, Any]]:
    pages = functions.get_paginator("list_functions").paginate()
    return [each for page in pages for each in page["Functions"] if each.get("Handler", "").startswith("functions.")]
