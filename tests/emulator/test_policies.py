"""Policies by the deployed function, with IAM enforced: its role allows each of its calls."""

import time
from io import BytesIO

import pytest

from image_scaler.client import ConflictError
from tests import pictures
from tests.emulator.test_paths import WEAPON

SMALL = pictures.jpeg(64, 48)
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


def test_an_upload_is_judged_by_the_policy_that_it_names(pipeline):
    client, tenant = pipeline.client.client, f"policies-{time.time_ns()}"
    rules = [{"label": "Weapons", "action": "block", "confidence": 60, "reason": "ARMS"}]
    version = client.policies.put({**POLICY, "rules": rules, "examples": []}, name="avatars", tenant=tenant)
    client.policies.check(version.digest, name="avatars", tenant=tenant)
    client.policies.activate(version.digest, name="avatars", tenant=tenant)
    pipeline.rekognition.set(labels=WEAPON)

    statuses = []
    for policy in ("avatars", "another", None):
        upload = client.upload(BytesIO(SMALL), filename="photo.jpg", tenant=tenant, policy=policy)
        statuses.append(pipeline.end_of(upload.id).status)

    assert statuses == ["BLOCKED", "BLURRED", "BLURRED"]
