"""Policies by the client, against the real function."""

import httpx
import pytest

from image_scaler.client import ConflictError, InvalidRequestError, NotFoundError, UnexpectedAnswerError

POLICY = {
    "version": "stricter",
    "minimum_confidence": 50,
    "default": {"confidence": 80, "action": "blur", "reason": "UNKNOWN_LABEL"},
    "rules": [{"label": "Weapons", "action": "block", "confidence": 80, "reason": "WEAPONS"}],
    "examples": [{"name": "a gun", "labels": [{"name": "Weapons", "confidence": 95}], "decision": "block"}],
}


def test_a_policy_is_stored_checked_and_activated(client):
    policies = client.policies
    assert policies.get().shipped

    stored = policies.put(POLICY)
    checked = policies.check(stored.digest)
    number = policies.activate(stored.digest)

    assert (stored.checked_at, stored.version, number) == (None, "stricter", 1)
    assert checked.checked_at
    found = policies.get()
    assert (found.digest, found.active_digest, found.shipped) == (stored.digest, stored.digest, False)
    assert found.policy == policies.version(stored.digest).document["document"] == POLICY
    assert [each.digest for each in policies.versions()] == [stored.digest]


def test_a_policy_of_a_tenant_is_not_that_of_another(client):
    stored = client.policies.put(POLICY, name="avatars", tenant="acme")

    assert client.policies.version(stored.digest, name="avatars", tenant="acme") == stored
    with pytest.raises(NotFoundError):
        client.policies.version(stored.digest, name="avatars")
    assert client.policies.versions("avatars") == ()


def test_a_shadow_starts_and_ends(client):
    stored = client.policies.put(POLICY)

    client.policies.shadow(stored.digest)
    assert client.policies.get().shadow_digest == stored.digest
    client.policies.end_shadow()
    assert client.policies.get().shadow_digest is None


def test_a_refusal_has_the_places_of_all_faults(client):
    with pytest.raises(InvalidRequestError) as raised:
        client.policies.put(POLICY | {"minimum_confidence": 101})

    assert raised.value.problem.field == "minimum_confidence"


def test_an_unchecked_version_and_a_failing_example_are_different_errors(client):
    unchecked = client.policies.put(POLICY)
    failing = client.policies.put(POLICY | {"rules": []})

    with pytest.raises(ConflictError, match="has not been checked"):
        client.policies.activate(unchecked.digest)
    with pytest.raises(InvalidRequestError) as raised:
        client.policies.check(failing.digest)
    (failure,) = raised.value.problem.document["failures"]
    assert failure.startswith("a gun: expected block, got blur")


@pytest.mark.parametrize(
    "read",
    [
        lambda policies: policies.get(),
        lambda policies: policies.versions(),
        lambda policies: policies.check("0" * 64),
        lambda policies: policies.activate("0" * 64),
    ],
)
def test_a_response_of_another_shape_is_an_unexpected_answer(scripted, read):
    with pytest.raises(UnexpectedAnswerError):
        read(scripted(httpx.Response(200, json={"digest": 1})).policies)
