"""Policies as the public API shows them."""

from dataclasses import asdict
from typing import Any

from functions.policies.administration import Found
from functions.policy.policy import Policy
from functions.policy.store import Pointer, Version


def found(tenant: str, name: str, policy: Found) -> dict[str, Any]:
    """Return the policy in force under a name, with its document; ``from`` says where it was found."""
    judging = policy.resolution
    shown: dict[str, Any] = {
        "tenant": tenant,
        "name": name,
        "digest": judging.policy.digest,
        "version": judging.policy.version,
        "from": {"tenant": judging.tenant, "name": judging.name, "shipped": judging.policy is Policy.shipped()},
        "active": None if policy.active is None else active(policy.active),
        "shadow": None if policy.shadow is None else shadow(policy.shadow),
        "floor_digest": None if judging.floor is None else judging.floor.digest,
        "document": judging.policy.document,
    }
    return shown


def version(version: Version, policy: Policy | None = None) -> dict[str, Any]:
    """Return a version, with its document if it is given."""
    shown = {**asdict(version), "failures": list(version.failures)}
    return shown if policy is None else {**shown, "document": policy.document}


def active(pointer: Pointer) -> dict[str, Any]:
    """Return the active version."""
    return {"digest": pointer.digest, "number": pointer.number, "activated_at": pointer.at}


def shadow(pointer: Pointer) -> dict[str, Any]:
    """Return the shadowed version."""
    return {"digest": pointer.digest, "started_at": pointer.at}
