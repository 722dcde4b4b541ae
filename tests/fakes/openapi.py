"""The API's description, to hold answers against."""

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
    """Fail unless ``document`` fits the named schema. Raises jsonschema.ValidationError with the place."""
    whole = description()
    jsonschema.Draft202012Validator(
        {"$ref": f"#/components/schemas/{schema}", "components": whole["components"]}
    ).validate(document)
