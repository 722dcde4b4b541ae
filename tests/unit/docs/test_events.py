"""docs/events.md and its schemas: valid, complete, and alike."""

import re

import pytest
from jsonschema import Draft202012Validator

from tests.documents import CHECKOUT
from tests.fakes.published_events import DIRECTORY, faults_of, schemas

DOCUMENT = (CHECKOUT / "docs" / "events.md").read_text(encoding="utf-8")
BY_EVENT = {"status", "reason", "when"}
"""Members with a description of their own in each event."""


@pytest.mark.parametrize("name", schemas())
def test_a_schema_is_valid_and_its_example_matches_it(name):
    schema = schemas()[name]

    Draft202012Validator.check_schema(schema)

    (example,) = schema["examples"]
    assert faults_of(name, example) == []
    assert set(schema["required"]) <= schema["properties"].keys()


def test_a_member_is_described_alike_in_every_event():
    described = {}
    for schema in schemas().values():
        for member, description in schema["properties"].items():
            if member not in BY_EVENT:
                described.setdefault(member, []).append(description)

    assert [member for member, each in described.items() if any(one != each[0] for one in each)] == []


@pytest.mark.parametrize("path", sorted(DIRECTORY.glob("*.schema.json")), ids=lambda path: path.name)
def test_the_document_names_every_event_and_its_schema(path):
    (name,) = (title for title, schema in schemas().items() if path.name.startswith(title.lower().replace(" ", "-")))

    assert re.search(rf"^\| `{name}` \|.*\(events/{re.escape(path.name)}\)", DOCUMENT, re.MULTILINE)


def test_the_document_describes_every_member():
    members = {member for schema in schemas().values() for member in schema["properties"]}

    assert {member for member in members if f"| `{member}` |" not in DOCUMENT} == set()
