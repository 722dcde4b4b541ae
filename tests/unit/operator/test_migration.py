"""``image-scaler migrate``: records of earlier releases get their entries in lists, whatever happens in between."""

import pytest

from functions.records.entries import (
    MAX_LABEL_ENTRIES,
    entries_at_creation,
    entries_at_verdict,
    position_of,
    status_selector,
)
from functions.shared.contracts import Label
from functions.shared.keys import DEFAULT_TENANT, record_partition
from image_scaler.operator import migrate
from image_scaler.operator.errors import OperatorError
from image_scaler.operator.migrate import Migration
from tests.fakes.aws import TABLE
from tests.fakes.faults import failing_call
from tests.unit.manage.conftest import image_id, put_image

LABELS = [
    {"name": "Weapons", "parent": "Violence", "confidence": 91.5, "taxonomy_level": 2},
    {"name": "Violence", "parent": "", "confidence": 91.5, "taxonomy_level": 1},
    {"name": "Weapons", "parent": "Violence", "confidence": 60.25, "taxonomy_level": 2, "frame": 3},
]


def put_old(aws, number, *, labels=(), **changed):
    """Write an image as 0.1.0 does: without selector and entries."""
    identity = put_image(aws, number, **changed)
    partition = record_partition(identity)
    for key, item in aws.items(partition).items():
        if key.startswith("ENTRY#"):
            aws.dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": partition}, "sk": {"S": key}})
        elif key == "RECORD":
            aws.put_item({name: value for name, value in item.items() if name not in {"selector", "position"}})
    if labels:
        aws.put_item({"pk": partition, "sk": "LABELS", "labels": list(labels)})
    return identity


def entries_of(aws, identity):
    return {key: item for key, item in aws.items(record_partition(identity)).items() if key.startswith("ENTRY#")}


def expected(aws, identity, labels):
    """Return the entries that the functions write for the record as it is."""
    record = aws.items(record_partition(identity))["RECORD"]
    if record["status"] == "REMOVED":
        return {}
    tenant, owner = record.get("tenant", DEFAULT_TENANT), record.get("owner")
    if "verdict" not in record:
        entries = entries_at_creation(identity, tenant=tenant, owner=owner)
    else:
        entries = entries_at_verdict(
            identity, tenant=tenant, owner=owner, decision=record["verdict"]["decision"],
            sha256=record["facts"]["sha256"], labels=map(Label.from_state, labels),
        )  # fmt: skip
    return {entry["sk"]: entry for entry in entries}


def library(aws):
    """Write one image of each kind; return their labels by id."""
    no_verdict = {"verdict": None, "facts": None, "picture": None}
    return {
        put_old(aws, 1, owner="alice", tenant="acme", labels=LABELS): LABELS,
        put_old(aws, 2): [],
        put_old(aws, 3, status="AWAITING_UPLOAD", owner="bob", **no_verdict): [],
        put_old(aws, 4, status="REJECTED", **no_verdict): [],
        put_old(aws, 5, status="REMOVED", **no_verdict): [],
        put_old(aws, 6, status="FAILED", tenant=None, **no_verdict): [],
    }


def assert_migrated(aws, images):
    for identity, labels in images.items():
        record = aws.items(record_partition(identity))["RECORD"]
        assert record["selector"] == status_selector(record["status"])
        assert record["position"] == position_of(record.get("tenant", DEFAULT_TENANT), identity)
        assert entries_of(aws, identity) == expected(aws, identity, labels)


def test_every_record_gets_what_the_functions_would_have_written_and_keeps_all_else(stage, aws):
    images = library(aws)
    before = {identity: aws.items(record_partition(identity)) for identity in images}

    results = list(Migration(stage.operator))

    assert {each.image_id for each in results} == set(images)
    assert_migrated(aws, images)
    for identity, items in before.items():
        after = aws.items(record_partition(identity))
        assert {name: after["RECORD"].get(name) for name in items["RECORD"]} == items["RECORD"]
        assert {key: after.get(key) for key in items if key != "RECORD"} == {
            key: item for key, item in items.items() if key != "RECORD"
        }


def test_a_second_run_writes_nothing(stage, aws):
    library(aws)
    list(Migration(stage.operator))

    assert {each.written for each in Migration(stage.operator)} == {0}


def test_a_position_that_names_another_tenant_is_corrected(stage, aws):
    identity = put_image(aws, 1, tenant="acme")
    record = aws.items(record_partition(identity))["RECORD"]
    aws.put_item({**record, "position": f"default#{identity}"})  # a claim of a record without a position writes this

    list(Migration(stage.operator))

    assert_migrated(aws, {identity: []})


@pytest.mark.parametrize("lost_answer", [False, True], ids=["refused", "answer lost"])
@pytest.mark.parametrize("number", range(6))
def test_a_run_that_dies_at_any_request_is_completed_by_the_next_one(stage, aws, number, lost_answer):
    images = library(aws)
    migration = Migration(stage.operator)

    with failing_call([migration._dynamodb], number, lost_answer=lost_answer), pytest.raises(OperatorError):
        list(migration)
    list(Migration(stage.operator))

    assert_migrated(aws, images)


def test_an_image_that_is_removed_in_the_middle_gets_no_entries(stage, aws):
    identity = put_old(aws, 1, owner="alice")
    migration = Migration(stage.operator)
    partition, record = record_partition(identity), aws.items(record_partition(identity))["RECORD"]
    found = {"RECORD": migration._items(partition)["RECORD"]}
    aws.put_item({"pk": partition, "sk": "RECORD", "image_id": identity, "status": "REMOVED", "tenant": "default"})
    assert record["status"] != "REMOVED"

    migration._migrate(partition, found)

    assert entries_of(aws, identity) == {}
    assert aws.items(partition)["RECORD"]["selector"] == "STATUS#REMOVED"


def test_an_image_whose_hold_was_set_by_hand_is_named(stage, aws):
    by_hand = put_old(aws, 1, legal_hold=True)
    put_old(aws, 2, legal_hold=True, hold_number=1)
    put_old(aws, 3, legal_hold=False)

    assert [each.image_id for each in Migration(stage.operator) if each.lacks_lock] == [by_hand]


def test_the_limit_of_labels_is_that_of_the_functions(stage, aws):
    labels = [{"name": f"L{n:03d}", "parent": "", "confidence": n % 50 + 0.5} for n in range(MAX_LABEL_ENTRIES + 20)]
    identity = put_old(aws, 1, labels=labels)

    list(Migration(stage.operator))

    assert_migrated(aws, {identity: labels})
    assert migrate.MAX_LABEL_ENTRIES == MAX_LABEL_ENTRIES
    assert migrate.DEFAULT_TENANT == DEFAULT_TENANT
    assert image_id(1) == identity
