"""Policies as the public API shows them."""

from dataclasses import asdict
from typing import Any

from functions.policies.administration import Found
from functions.policies.rejudgements import Progress
from functions.policy.policy import Policy
from functions.policy.store import Pointer, Version
from functions.shared.documents import without_none
from functions.shared.rejudgements import Rejudgement, Result


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


def rejudgement(asked: Rejudgement) -> dict[str, Any]:
    """Return what was asked for."""
    return {
        "id": asked.id,
        "manifest": asked.manifest,
        "mode": asked.mode.value,
        "tenant": asked.tenant,
        "policy": asked.policy,
        "candidate": asked.candidate,
        "against": asked.against or None,
        "floor": asked.floor or None,
        "cap": asked.cap,
        "confirm": asked.confirmed,
    }


def progress(found: Progress) -> dict[str, Any]:
    """Return what was asked for, how far it is, and the report once there is one."""
    shown = {
        **rejudgement(found.rejudgement),
        "status": found.status,
        "error": found.error,
        "detail": _incomplete(found),
        "progress": {
            "days": found.days,
            "surveyed_days": found.surveyed_days,
            "parts": found.parts,
            "applied_parts": found.applied_parts,
        },
        "report": found.report,
    }
    return without_none(shown)


def _incomplete(found: Progress) -> str | None:
    """Return why not all images were changed, if the execution ended well."""
    asked, report = found.rejudgement, found.report or {}
    if report.get("result") == Result.OVER_CAP:
        return (
            f"cap: {report['images']['changed']} images would change, and the cap is {asked.cap}; nothing was changed. "
            f"To change them, repeat with manifest {asked.manifest} and confirm."
        )
    if report.get("result") == Result.OUTDATED:
        return (
            "Another policy or floor became active before all images were changed; the others are as they were. Start "
            "a new rejudgement."
        )
    return None
