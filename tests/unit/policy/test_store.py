"""The store: which policy, floor and shadow judge an image, and with how many reads."""

import pytest

from functions.policy import store as module
from functions.policy.policy import Policy
from functions.policy.store import MAX_CACHED, PolicyStore, document_partition
from functions.shared.errors import PolicyMissingError, RecordConflictError
from tests.fakes.aws import TABLE
from tests.fakes.faults import failing_call


@pytest.fixture
def store(aws):
    module._documents.clear()
    return PolicyStore(TABLE, aws.dynamodb)


def policy(version: str) -> Policy:
    default = {"confidence": 80, "action": "blur", "reason": "UNKNOWN_LABEL"}
    return Policy.from_document({"version": version, "minimum_confidence": 50, "default": default, "rules": []})


def activate(store, tenant, name, version):
    activated = policy(version)
    store.put(tenant, name, activated)
    store.record_check(tenant, name, activated.digest, ())
    active, _ = store.pointers(tenant, name)
    store.activate(tenant, name, activated.digest, number=active.number if active else 0, actor="service")
    return activated


def shadow(store, tenant, name, version):
    shadowed = policy(version)
    store.put(tenant, name, shadowed)
    store.start_shadow(tenant, name, shadowed.digest, actor="service")


PLACES = [("acme", "avatars"), ("default", "avatars"), ("default", "default")]
"""Where the policy of an image of acme with the policy name avatars is looked for."""


@pytest.mark.parametrize("missing", range(len(PLACES)))
def test_the_policy_is_that_of_the_nearest_place_that_has_one(store, missing):
    for tenant, name in PLACES[missing:]:
        activate(store, tenant, name, f"{tenant} {name}")

    found = store.resolve("acme", "avatars")

    assert (found.tenant, found.name) == PLACES[missing]
    assert found.policy.version == " ".join(PLACES[missing])
    assert store.active("acme", "avatars") is found.policy


def test_without_any_the_shipped_policy_judges(store):
    activate(store, "acme", "default", "not of avatars")

    assert store.resolve("acme", "avatars").policy is Policy.shipped()
    assert store.resolve("acme").policy.version == "not of avatars"


def test_the_floor_is_found_for_every_tenant(store):
    assert (store.floor(), store.resolve("acme", "avatars").floor) == (None, None)

    floor = activate(store, "default", "floor", "floor")

    assert store.floor() == store.resolve("acme", "avatars").floor == floor


def test_the_shadow_is_that_of_the_nearest_place_up_to_the_active_policy_s(store):
    shadow(store, "default", "default", "shadow of default")
    assert store.resolve("acme", "avatars").shadow.version == "shadow of default"

    activate(store, "default", "avatars", "avatars")
    assert store.resolve("acme", "avatars").shadow is None
    assert store.resolve("acme").shadow.version == "shadow of default"

    shadow(store, "acme", "avatars", "shadow of acme")
    assert store.resolve("acme", "avatars").shadow.version == "shadow of acme"
    store.end_shadow("acme", "avatars", actor="service")
    assert store.resolve("acme", "avatars").shadow is None


def test_documents_are_read_once_and_pointers_each_time(store, aws):
    activate(store, "default", "default", "first")
    activate(store, "default", "floor", "floor")
    shadow(store, "default", "default", "shadow")

    with failing_call([aws.dynamodb], None) as first:
        store.resolve("default")
    with failing_call([aws.dynamodb], None) as later:
        store.resolve("default")
    assert first.names == ["dynamodb.BatchGetItem", *["dynamodb.GetItem"] * 3]
    assert later.names == ["dynamodb.BatchGetItem"]

    activate(store, "default", "default", "second")
    assert store.active("default").version == "second"


def test_a_process_keeps_a_limited_number_of_documents(store):
    for number in range(MAX_CACHED + 3):
        stored, _ = store.put("default", "default", policy(str(number)))
        store.get(stored.digest)

    assert len(module._documents) == MAX_CACHED


def test_a_document_of_two_tenants_is_stored_once(store, aws):
    for tenant in ("acme", "default"):
        _, is_new = store.put(tenant, "default", policy("same"))
        assert is_new

    assert len(aws.items(document_partition(policy("same").digest))) == 1


def test_a_document_that_is_gone_does_not_become_another_policy(store, aws):
    digest = activate(store, "default", "default", "gone").digest
    aws.dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": document_partition(digest)}, "sk": {"S": "DOCUMENT"}})
    module._documents.clear()

    with pytest.raises(PolicyMissingError):
        store.resolve("default")


@pytest.mark.parametrize("failures", [None, ["an example fails"]])
def test_the_table_itself_refuses_a_version_that_has_not_passed_its_check(store, failures):
    digest = store.put("default", "default", policy("1"))[0].digest
    if failures is not None:
        store.record_check("default", "default", digest, failures)

    with pytest.raises(RecordConflictError):
        store.activate("default", "default", digest, number=0, actor="service")


def test_a_check_of_a_version_that_is_not_stored_writes_nothing(store, aws):
    with pytest.raises(PolicyMissingError):
        store.record_check("default", "default", "0" * 64, ())

    assert aws.items("POLICY#default#default") == {}
