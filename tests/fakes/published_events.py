"""The JSON Schemas of docs/events, which hold every event that the pipeline sends."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DIRECTORY = Path(__file__).parents[2] / "docs" / "events"


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Return every schema by the detail type of its event."""
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(DIRECTORY.glob("*.schema.json"))]
    return {document["title"]: document for document in documents}


def faults_of(detail_type: str, detail: dict[str, Any]) -> list[str]:
    """Return how a detail differs from its schema. A member that the schema does not describe is a fault here."""
    schema = schemas()[detail_type] | {"additionalProperties": False}
    return [f"{detail_type}: {error.message}" for error in Draft202012Validator(schema).iter_errors(detail)]


def checked(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return events of the bus. Raises AssertionError if one does not match its schema."""
    faults = [fault for event in events for fault in faults_of(event["detail-type"], event["detail"])]
    assert not faults, faults
    return events
