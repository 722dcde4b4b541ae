"""Writes the cases as Step Functions Local reads them: ``python -m tests.workflows.mock_file``."""

import json
from pathlib import Path
from typing import Any

from tests.workflows.cases import CALLING_THROUGH, CASES
from tests.workflows.responses import RESPONSES

MOCK_FILE = Path(__file__).with_name("MockConfigFile.json")


def document() -> dict[str, Any]:
    """Return the mock file: the cases of each state machine, and the responses that they use."""
    answers = dict(RESPONSES)
    machines: dict[str, dict[str, Any]] = {}
    for case in CASES:
        machines.setdefault(case.machine, {"TestCases": {}})["TestCases"][case.name] = case.mocked
        answers.update(case.own_answers)
    for machine, through in CALLING_THROUGH.items():
        machines[machine]["TestCases"].update({name: dict(mocked) for name, mocked in through.items()})
    used = {
        name for machine in machines.values() for mocked in machine["TestCases"].values() for name in mocked.values()
    }
    return {
        "StateMachines": machines,
        "MockedResponses": {name: answer for name, answer in answers.items() if name in used},
    }


def text() -> str:
    """Return the mock file as it is committed."""
    return json.dumps(document(), indent=2) + "\n"


if __name__ == "__main__":
    MOCK_FILE.write_text(text(), encoding="utf-8")
