"""The browser module as Node runs it."""

import json
import subprocess

import pytest

from local.prerequisites import node
from local.workspace import CHECKOUT

MODULE = CHECKOUT / "docs" / "frontend" / "image-scaler.mjs"
RUNNER = CHECKOUT / "tests" / "unit" / "frontend" / "run_module.mjs"


@pytest.fixture(scope="session")
def call():
    """Return a function that makes calls, (name, arguments) each, in one Node process and returns their results."""

    def called(*calls):
        done = subprocess.run(
            [node(), str(RUNNER), str(MODULE)], input=json.dumps(calls), capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    return called
