"""Policies by the deployed function, with IAM enforced: its role allows each of its calls."""

import time

import pytest

from image_scaler.client import ConflictError

POLICY = {
    "version": "of the test",
    "minimum_confidence": 50,
    "default": {"confidence": 80, "action": "blur", "reason": "UNKNOWN_LABEL"},
    "rules": [{"label": "Alcohol", "action": "block", "confidence": 80, "reason": "ALCOHOL"}],
    "examples": [{"name": "wine", "labels": [{"name": "Drinking", "confidence": 95}], "decision": "block"}],
}


def test_a_policy_is_stored_checked_activated_and_shadowed(pipeline):
    policies, place = pipeline.client.client.policies, {"name": "test", "tenant": f"policies-{time.time_ns()}"}

    version = policies.put(POLICY, **place)
    with pytest.raises(ConflictError, match="has not been checked"):
        policies.activate(version.digest, **place)
    policies.check(version.digest, **place)
    assert policies.activate(version.digest, **place) == 1
    policies.shadow(version.digest, **place)
    shadowed = policies.get(**place)
    policies.end_shadow(**place)

    assert (shadowed.active_digest, shadowed.shadow_digest) == (version.digest, version.digest)
    assert shadowed.policy == POLICY
    assert policies.get(**place).shadow_digest is None
    assert [each.digest for each in policies.versions(**place)] == [version.digest]
    assert policies.version(version.digest, **place).document["document"] == POLICY
    assert policies.get(name="test").shipped
