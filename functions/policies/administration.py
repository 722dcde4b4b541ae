"""Stores, checks, activates and shadows the policies of one stage.

A version can be activated after a check that it passed: its examples lead to the decisions that they name, and it is
not milder than the floor. Both are checked again when it is activated, because the floor may have changed since.
"""

from dataclasses import dataclass
from typing import Final

from functions.policy.examples import failures_of
from functions.policy.floor import milder_than
from functions.policy.policy import Policy
from functions.policy.store import FLOOR_NAME, Pointer, PolicyStore, Resolution, Version
from functions.shared.errors import (
    FloorNameError,
    PolicyChangedError,
    PolicyMilderError,
    PolicyNotPassedError,
    PolicyUncheckedError,
    RecordConflictError,
)
from functions.shared.keys import DEFAULT_TENANT
from functions.shared.status import SERVICE_ACTOR

MAX_PLACES: Final = 20
"""The most places of one fault that a check reports."""


@dataclass(frozen=True)
class Found:
    """The policy in force under a name, what is active and shadowed under exactly this name."""

    resolution: Resolution
    active: Pointer | None
    shadow: Pointer | None


@dataclass(frozen=True)
class PolicyAdministration:
    """Administers the policies of one stage."""

    policies: PolicyStore

    def get(self, tenant: str, name: str) -> Found:
        """Return the policy in force under a name. Raises PolicyMissingError or TransientDependencyError."""
        active, shadow = self.policies.pointers(tenant, name)
        return Found(self.policies.resolve(tenant, name), active, shadow)

    def document(self, tenant: str, name: str, digest: str) -> tuple[Version, Policy]:
        """Return a version and its document. Raises PolicyMissingError or TransientDependencyError."""
        return self.policies.version(tenant, name, digest), self.policies.get(digest)

    def put(self, tenant: str, name: str, policy: Policy) -> tuple[Version, bool]:
        """Store a version, and return it and whether it is new. Raises FloorNameError or TransientDependencyError."""
        if name == FLOOR_NAME and tenant != DEFAULT_TENANT:
            raise FloorNameError(tenant)
        return self.policies.put(tenant, name, policy)

    def check(self, tenant: str, name: str, digest: str) -> Version:
        """Check a version, record the result, and return the version.

        Raises PolicyMissingError, PolicyNotPassedError, PolicyMilderError or TransientDependencyError.
        """
        self.policies.version(tenant, name, digest)
        failures, milder = self._faults(tenant, name, digest)
        version = self.policies.record_check(tenant, name, digest, (*failures, *milder))
        _expect_none(failures, milder)
        return version

    def activate(self, tenant: str, name: str, digest: str) -> Pointer:
        """Make a version the active one, unless it is already.

        Raises PolicyMissingError, PolicyUncheckedError, PolicyNotPassedError, PolicyMilderError, PolicyChangedError or
        TransientDependencyError; nothing was changed then.
        """
        active, _ = self.policies.pointers(tenant, name)
        version = self.policies.version(tenant, name, digest)
        if active is not None and active.digest == digest:
            return active
        if version.checked_at is None:
            raise PolicyUncheckedError(digest)
        failures, milder = self._faults(tenant, name, digest)
        _expect_none(failures, milder)
        if version.failures:  # of a floor that has changed since
            self.policies.record_check(tenant, name, digest, ())
        try:
            return self.policies.activate(
                tenant, name, digest, number=active.number if active else 0, actor=SERVICE_ACTOR
            )
        except RecordConflictError as error:
            raise PolicyChangedError(name) from error

    def start_shadow(self, tenant: str, name: str, digest: str) -> Pointer:
        """Judge images by a version too, and only record its decision.

        Raises PolicyMissingError or TransientDependencyError.
        """
        self.policies.version(tenant, name, digest)
        return self.policies.start_shadow(tenant, name, digest, actor=SERVICE_ACTOR)

    def end_shadow(self, tenant: str, name: str) -> None:
        """Stop shadowing. Raises TransientDependencyError."""
        self.policies.end_shadow(tenant, name, actor=SERVICE_ACTOR)

    def _faults(self, tenant: str, name: str, digest: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the examples that fail, and the places where the policy is milder than the floor."""
        policy = self.policies.get(digest)
        floor = self.policies.floor_of(tenant, name)
        failures = tuple(map(str, failures_of(policy)))
        milder = () if floor is None else tuple(map(str, milder_than(policy, floor)))
        return _shortened(failures), _shortened(milder)


def _expect_none(failures: tuple[str, ...], milder: tuple[str, ...]) -> None:
    if failures:
        raise PolicyNotPassedError(failures)
    if milder:
        raise PolicyMilderError(milder)


def _shortened(sentences: tuple[str, ...]) -> tuple[str, ...]:
    if len(sentences) <= MAX_PLACES:
        return sentences
    return (*sentences[:MAX_PLACES], f"and {len(sentences) - MAX_PLACES} more")
