"""The recorded inputs and outputs of the workflow's Tasks, from tests/events/states."""

import json
from copy import deepcopy
from functools import cache
from pathlib import Path

from functions.shared.contracts import BlurRequest, ModerateRequest, OptimizeRequest, PersistRequest

DIRECTORY = Path(__file__).parents[1] / "events" / "states"

REQUESTS = {
    "OptimizeImage": OptimizeRequest,
    "ModerateImage": ModerateRequest,
    "BlurImage": BlurRequest,
    "PersistImage": PersistRequest,
}
"""What each Task's function reads its input as."""


@cache
def _cases(state: str) -> dict[str, dict]:
    return json.loads((DIRECTORY / f"{state}.json").read_text(encoding="utf-8"))


def recorded(state: str, case: str) -> tuple[dict, dict]:
    """Return a case's input and output, as copies."""
    found = deepcopy(_cases(state)[case])
    return found["input"], found["output"]


def cases() -> list[tuple[str, str]]:
    """Return every state and case."""
    return [(path.stem, case) for path in sorted(DIRECTORY.glob("*.json")) for case in _cases(path.stem)]
