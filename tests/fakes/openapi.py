"""Checks responses against the API's description."""

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

DESCRIPTION = Path(__file__).resolve().parents[2] / "openapi.yaml"


@cache
def description() -> dict[str, Any]:
    """Return openapi.yaml as a document."""
    return yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))


def assert_described(document: Any, schema: str) -> None:
    """Fail unless ``document`` fits the named schema and has no member that it does not describe.

    Problem documents may have more. Raises jsonschema.ValidationError with the place.
    """
    jsonschema.Draft202012Validator(
        {
            "$ref": f"#/components/schemas/{schema}",
            "unevaluatedProperties": schema == "Problem",
            "components": description()["components"],
        }
    ).validate(document)
