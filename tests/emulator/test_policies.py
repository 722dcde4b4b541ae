"""Policies by the deployed function, with IAM enforced: its role allows each of its calls."""

import pytest

from image_scaler.client import ConflictError

POLICY = {
    "version": "of the test",
    "minimum_confidence": 50,
    "default": {"confidence": 80, "action": "blur", "reason": "UNKNOWN_LABEL"},
    "rules": [{"label": "Alcohol", "action": "block", "confidence": 80, "reason": "ALCOHOL"}],
    "examples": [{"name": "wine", "labels": [{"name": "Drinking", "confidence": 95}], "decision": "block"}],
}
ONLY_HERE = {"name": "test", "tenant": "policies"}


def test_a_policy_is_stored_checked_activated_and_shadowed(pipeline):
    policies = pipeline.client.client.policies

    version = policies.put(POLICY, **ONLY_HERE)
    with pytest.raises(ConflictError, match="has not been checked"):
        policies.activate(version.digest, **ONLY_HERE)
    policies.check(version.digest, **ONLY_HERE)
    assert policies.activate(version.digest, **ONLY_HERE) == 1
    policies.shadow(version.digest, **ONLY_HERE)
    shadowed = policies.get(**ONLY_HERE)
    policies.end_shadow(**ONLY_HERE)

    assert (shadowed.active_digest, shadowed.shadow_digest) == (version.digest, version.digest)
    assert shadowed.policy == POLICY
    assert policies.get(**ONLY_HERE).shadow_digest is None
    assert [each.digest for each in policies.versions(**ONLY_HERE)] == [version.digest]
    assert policies.version(version.digest, **ONLY_HERE).document["document"] == POLICY
    assert policies.get(name="test").shipped
