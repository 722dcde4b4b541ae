"""What a policy's document may say: the reader, and docs/policy.schema.json."""

import copy
import hashlib
import json
import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.policy.document import MAX_DOCUMENT_BYTES
from functions.policy.policy import Policy
from functions.policy.taxonomy import PARENTS
from functions.shared.errors import PolicyError
from functions.shared.status import Decision
from tests.counted import counted

RULE = {"label": "Explicit", "action": "blur", "confidence": 60, "reason": "NUDITY"}
DOCUMENT = {
    "$schema": "https://example.com/policy.schema.json",
    "version": "test",
    "minimum_confidence": 50,
    "default": {"confidence": 80, "action": "blur", "reason": "UNKNOWN_LABEL", "severity": 2, "queue": "new"},
    "rules": [
        RULE,
        RULE | {"action": "block", "confidence": 90, "severity": 5, "queue": "urgent", "unless": ["Illustrated"]},
        {"label": "Alcohol", "action": "allow", "content_types": ["Animated", "Illustrated"], "reason": "TRADITION"},
    ],
    "review": {"after_seconds": 3600, "fallback": "block"},
    "content_type_confidence": 70,
    "examples": [
        {"name": "nudity", "labels": [{"name": "Explicit Nudity", "confidence": 99}], "decision": "block",
         "reason": "NUDITY", "content_types": ["Animated"]},
    ],
}  # fmt: skip
SCHEMA = json.loads((Path(__file__).resolve().parents[3] / "docs" / "policy.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

DOCUMENT_MEMBERS = ("version", "minimum_confidence", "default", "rules", "$schema", "review", "content_type_confidence",
                    "examples")  # fmt: skip


def faults_of(document):
    """Return what the reader reports, by place."""
    try:
        Policy.from_document(document)
    except PolicyError as error:
        return dict(error.faults)
    return {}


def changed(place, value):
    """Return the document with another value at a place; with ... the member is missing."""
    document = copy.deepcopy(DOCUMENT)
    *path, last = place
    target = document
    for step in path:
        target = target[step]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return document


@pytest.mark.parametrize(
    ("place", "value", "named", "fault"),
    [
        (["version"], "", "version", "must be a text of 1 to 200 characters"),
        (["version"], 3, "version", "must be a text of 1 to 200 characters"),
        (["version"], "x" * 201, "version", "must be a text of 1 to 200 characters"),
        (["version"], ..., "version", "is missing"),
        (["minimum_confidence"], 101, "minimum_confidence", "is 101; it must be from 30 to 100"),
        (["minimum_confidence"], 29, "minimum_confidence", "is 29; it must be from 30 to 100"),
        (["minimum_confidence"], "high", "minimum_confidence", 'is "high"; it must be a number of percent'),
        (["minimum_confidence"], True, "minimum_confidence", "is true; it must be a number of percent"),
        (["minimum_confidence"], 10**100, "minimum_confidence", f"is {str(10**100)[:79]}…; it must be from 30 to 100"),
        (["default"], ..., "default", "is missing"),
        (["default"], [], "default", "must be an object"),
        (["default", "action"], "allow", "default.action", 'is "allow"; it must be one of blur, review, block'),
        (["default", "action"], ..., "default.action", "is missing"),
        (["default", "confidence"], 49, "default.confidence", "is 49; it must be from 50 to 100"),
        (["default", "label"], "Explicit", "default.label",
         "is unknown; known are confidence, action, reason, severity, queue"),
        (["rules"], {}, "rules", "must be a list"),
        (["rules", 0], "allow", "rules[0]", "must be an object"),
        (["rules", 0, "label"], "Explicit Nuditty", "rules[0].label",
         'is "Explicit Nuditty", which is not a label of Rekognition\'s taxonomy'),
        (["rules", 0, "label"], ["Explicit"], "rules[0].label",
         'is ["Explicit"], which is not a label of Rekognition\'s taxonomy'),
        (["rules", 0, "action"], "delete", "rules[0].action",
         'is "delete"; it must be one of allow, blur, review, block'),
        (["rules", 0, "action"], ["blur"], "rules[0].action",
         'is ["blur"]; it must be one of allow, blur, review, block'),
        (["rules", 0, "confidence"], 140, "rules[0].confidence", "is 140; it must be from 50 to 100"),
        (["rules", 0, "confidence"], -(10**400), "rules[0].confidence",
         f"is {str(-(10**400))[:79]}…; it must be from 50 to 100"),
        (["rules", 0, "confidence"], -1, "rules[0].confidence", "is -1; it must be from 50 to 100"),
        (["rules", 0, "confidence"], 40, "rules[0].confidence", "is 40; it must be from 50 to 100"),
        (["rules", 0, "confidence"], ..., "rules[0].confidence", "is missing"),
        (["rules", 0, "reason"], ..., "rules[0].reason", "is missing"),
        (["rules", 0, "reason"], "Nudity!", "rules[0].reason",
         'is "Nudity!"; it must be a code such as GRAPHIC_VIOLENCE'),
        (["rules", 0, "severity"], 6, "rules[0].severity", "is 6; it must be a whole number from 1 to 5"),
        (["rules", 0, "queue"], "Very urgent", "rules[0].queue", 'is "Very urgent"; it must be a name such as urgent'),
        (["rules", 0, "colour"], 1, "rules[0].colour",
         "is unknown; known are label, action, confidence, reason, content_types, unless, severity, queue"),
        (["rules", 2, "confidence"], 60, "rules[2].confidence",
         "is unknown; known are label, action, reason, content_types, unless"),
        (["rules", 1, "unless"], [], "rules[1].unless", "must be a list of Animated or Illustrated, or of both"),
        (["rules", 1, "unless"], "Illustrated", "rules[1].unless",
         "must be a list of Animated or Illustrated, or of both"),
        (["rules", 1, "content_types"], ["Photo"], "rules[1].content_types",
         "must be a list of Animated or Illustrated, or of both"),
        (["rules", 1, "content_types"], ["Illustrated"], "rules[1]",
         "applies to no view: unless excludes its content types"),
        (["review", "after_seconds"], 0, "review.after_seconds", "is 0; it must be a whole number from 1 to 15552000"),
        (["review", "after_seconds"], 1.5, "review.after_seconds",
         "is 1.5; it must be a whole number from 1 to 15552000"),
        (["review", "fallback"], "allow", "review.fallback", 'is "allow"; it must be one of blur, hold, block'),
        (["review"], "later", "review", "must be an object"),
        (["content_type_confidence"], 0, "content_type_confidence", "is 0; it must be from 1 to 100"),
        (["examples", 0, "decision"], "deny", "examples[0].decision",
         'is "deny"; it must be one of allow, blur, review, block'),
        (["examples", 0, "labels", 0, "confidence"], 101, "examples[0].labels[0].confidence",
         "is 101; it must be from 0 to 100"),
        (["examples", 0, "labels", 0, "name"], "", "examples[0].labels[0].name",
         "must be a text of 1 to 200 characters"),
        (["examples", 0, "labels"], "Explicit", "examples[0].labels", "must be a list"),
        (["extra"], 1, "extra",
         f"is unknown; known are {', '.join(DOCUMENT_MEMBERS)}"),
    ],
)  # fmt: skip
def test_a_fault_is_reported_with_its_place(place, value, named, fault):
    assert faults_of(changed(place, value)) == {named: fault}


def test_all_faults_are_reported_at_once():
    document = {"version": "1", "rules": [{"label": "A"}, {"action": "blur"}], "minimum_confidence": 50}

    assert list(faults_of(document)) == [
        "default", "rules[0].action", "rules[0].confidence", "rules[0].reason", "rules[0].label",
        "rules[1].label", "rules[1].confidence", "rules[1].reason",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "without_effect"),
    [
        ({}, {}, 1),
        ({}, {"action": "block"}, 0),
        ({}, {"action": "block", "confidence": 70}, None),
        ({}, {"confidence": 70, "severity": 5}, 1),
        ({}, {"action": "block", "content_types": ["Animated"]}, None),
        ({"content_types": ["Animated"]}, {"action": "block"}, 0),
        ({"unless": ["Animated"]}, {"content_types": ["Animated"]}, None),
        ({"unless": ["Animated"]}, {"unless": ["Illustrated"], "action": "block"}, None),
        ({"action": "allow"}, {}, 0),
        ({"action": "allow", "content_types": ["Illustrated"]}, {}, 0),
        ({"action": "allow", "content_types": ["Illustrated"]}, {"unless": ["Illustrated"]}, None),
        ({"action": "allow"}, {"action": "allow"}, 1),
    ],
)
def test_a_rule_that_another_always_overrides_is_a_fault(first, second, without_effect):
    rules = [RULE | first, RULE | second]
    for rule in rules:
        if rule["action"] == "allow":
            del rule["confidence"]

    expected = {} if without_effect is None else {
        f"rules[{without_effect}]": f"has no effect, because rules[{1 - without_effect}] overrides it"
    }  # fmt: skip
    assert faults_of(DOCUMENT | {"rules": rules}) == expected


def test_two_examples_need_two_names():
    document = DOCUMENT | {"examples": DOCUMENT["examples"] * 2}

    assert faults_of(document) == {"examples[1].name": 'is "nudity", like that of an earlier example'}


@pytest.mark.parametrize("document", [None, [], "allow", 3])
def test_what_is_not_an_object_is_no_policy(document):
    assert faults_of(document) == {"policy": "must be an object"}


@pytest.mark.parametrize(
    ("text", "place", "fault"),
    [
        ("", "policy", "is not JSON"),
        ("{", "policy", "is not JSON"),
        ("[" * 100_000, "policy", "must not be nested deeper than 32 levels"),
        ('{"version": %s}' % ("[" * 951 + "]" * 951), "policy", "must not be nested deeper than 32 levels"),
        ('{"version": "1", "version": "2"}', "version", "is repeated in an object"),
        ('{"version": NaN}', "policy", "cannot be written as JSON"),
        ('{"version": 1e999}', "policy", "cannot be written as JSON"),
        ('{"version": "\\ud800"}', "policy", "contains a lone surrogate"),
        ('{"version": "\udcff"}', "policy", "contains a lone surrogate"),
        (b'{"\xff": 1}', "policy", "is not JSON"),
        ("1" * 5000, "policy", "is not JSON"),
        (
            '{"version": "%s"}' % ("x" * MAX_DOCUMENT_BYTES),
            "policy",
            f"has {MAX_DOCUMENT_BYTES + 14} bytes; it must not exceed 65536",
        ),
    ],
)
def test_a_text_that_is_no_document_is_refused(text, place, fault):
    with pytest.raises(PolicyError) as raised:
        Policy.from_text(text)

    ((named, said),) = raised.value.faults
    assert (named, said.startswith(fault)) == (place, True)


def test_a_policy_is_identified_by_its_content_and_not_by_its_layout():
    shuffled = dict(reversed(DOCUMENT.items()))

    policy, same = Policy.from_document(DOCUMENT), Policy.from_text(json.dumps(shuffled, indent=4))

    canonical = json.dumps(DOCUMENT, sort_keys=True, separators=(",", ":"))
    assert policy.digest == same.digest == hashlib.sha256(canonical.encode()).hexdigest()
    assert policy.document == DOCUMENT
    assert Policy.from_document(DOCUMENT | {"version": "other"}).digest != policy.digest


def test_a_policy_that_is_stored_is_read_again_as_the_same():
    policy = Policy.from_document(DOCUMENT)

    assert Policy.from_text(policy.text) == policy


def test_the_schema_is_a_schema_and_describes_the_shipped_policy():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(Policy.shipped().document)
    VALIDATOR.validate(DOCUMENT)


def test_the_schema_has_the_labels_of_the_taxonomy():
    assert SCHEMA["$defs"]["label"]["enum"] == list(PARENTS)
    assert SCHEMA["$defs"]["decision"]["enum"] == list(Decision)


def places_of(value, path=()):
    """Yield the path of every value of a document."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield from places_of(each, (*path, name))


PLACES = [list(path) for path in places_of(DOCUMENT) if path]
VALUES = st.one_of(
    st.just(...),
    st.sampled_from(
        [None, True, [], {}, "", " ", "x", "X", "allow", "block", "hold", "Explicit", ["Animated"], ["Animated"] * 2,
         ["Photo"], 0, -1, 1, 5, 6, 29.9, 30, 49, 50, 99.5, 100, 100.1, 15552000, 15552001, "x" * 201, "urgent"]
    ),
)  # fmt: skip
UNSAID = re.compile(
    r"is [3-9]\d(\.5)?; it must be from [\d.]+ to 100"  # a threshold below minimum_confidence
    "|has no effect|applies to no view|like that of an earlier example"
)
"""Faults that a JSON Schema cannot say."""


@settings(max_examples=counted(usual=150, long=20_000), deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=2), st.booleans())
def test_the_schema_accepts_what_the_reader_accepts_and_nothing_else(changes, with_unknown):
    document = copy.deepcopy(DOCUMENT)
    for (*path, last), value in changes:
        target = document
        try:
            for step in path:
                target = target[step]
            if value is ...:
                del target[last]
            else:
                target[last] = value
        except (KeyError, IndexError, TypeError):
            continue
    if with_unknown:
        document["unknown"] = 1

    faults = faults_of(document)

    sayable = {place: fault for place, fault in faults.items() if not UNSAID.match(fault)}
    if not faults:
        assert VALIDATOR.is_valid(document)
    elif sayable:
        assert not VALIDATOR.is_valid(document), faults
