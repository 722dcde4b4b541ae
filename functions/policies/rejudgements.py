"""Starts comparisons and rejudgements over stored images, and reports on them.

The state machine `rejudge` does the work; its input and its results are objects of the reports bucket
(functions/shared/rejudgements.py).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from functions.policy.policy import Policy
from functions.policy.store import PolicyStore
from functions.shared.errors import (
    PolicyFloorsDifferError,
    PolicyMissingError,
    RejudgementMissingError,
    RejudgementOutdatedError,
)
from functions.shared.executions import Executions, arn_of
from functions.shared.keys import is_ulid
from functions.shared.object_store import S3ObjectStore
from functions.shared.rejudgements import (
    Mode,
    Rejudgement,
    complete_days_prefix,
    days_key,
    finished_prefix,
    report_key,
    request_key,
    summary_key,
)

ACTIVE: Final = "active"
"""In place of a digest: the policy in force under the name."""

SHADOW: Final = "shadow"
"""In place of a digest: the version that is shadowed under the name."""

RUNNING: Final = "RUNNING"
FAILED: Final = "FAILED"


@dataclass(frozen=True)
class Progress:
    """How far an execution is. ``parts`` are those of the manifest; 0 before it is complete.

    ``status`` is RUNNING, FAILED, or the result in capitals. ``report`` is None before the end; ``error`` is the name
    of the error that ended the execution.
    """

    rejudgement: Rejudgement
    status: str
    days: int
    surveyed_days: int
    parts: int
    applied_parts: int
    report: dict[str, Any] | None = None
    error: str | None = None


@dataclass(frozen=True)
class Rejudgements:
    """The rejudgements of one stage. ``new_id`` returns a new ULID.

    Each call raises TransientDependencyError; then nothing was started.
    """

    policies: PolicyStore
    store: S3ObjectStore
    executions: Executions
    bucket: str
    state_machine_arn: str
    new_id: Callable[[], str]

    def diff(self, tenant: str, name: str, *, candidate: str, against: str) -> Rejudgement:
        """Start to compare two versions of a policy, each a digest, ACTIVE or SHADOW.

        Raises PolicyMissingError, or PolicyFloorsDifferError if they do not consider the same labels.
        """
        new, old = self._version(tenant, name, candidate), self._version(tenant, name, against)
        if new.minimum_confidence != old.minimum_confidence:
            raise PolicyFloorsDifferError(new.minimum_confidence, old.minimum_confidence)
        return self._start(Mode.DIFF, tenant, name, new, against=old.digest)

    def rejudge(self, tenant: str, name: str, mode: Mode, *, cap: int, confirmed: bool) -> Rejudgement:
        """Start to compare the policy in force with the recorded decisions. Raises PolicyMissingError."""
        candidate = self.policies.active(tenant, name)
        return self._start(mode, tenant, name, candidate, cap=cap, confirmed=confirmed)

    def apply(self, manifest: str, *, cap: int, confirmed: bool) -> Rejudgement:
        """Start to apply an existing manifest, or to continue it.

        Raises RejudgementMissingError, or RejudgementOutdatedError if its policy or the floor is not in force any more,
        or if it compares two policies.
        """
        earlier = self._request(manifest)
        if earlier.mode is Mode.DIFF:
            raise RejudgementOutdatedError("it compares two policies; only a dry run or a rejudgement can be applied")
        if self.policies.in_force(earlier.tenant, earlier.policy) != (earlier.candidate, earlier.floor):
            raise RejudgementOutdatedError("another policy or floor is active now; start a new rejudgement")
        return self._start(
            Mode.APPLY, earlier.tenant, earlier.policy, self.policies.get(earlier.candidate), cap=cap,
            confirmed=confirmed, manifest=earlier.manifest,
        )  # fmt: skip

    def progress(self, rejudgement_id: str) -> Progress:
        """Return how far an execution is. Raises RejudgementMissingError."""
        rejudgement = self._request(rejudgement_id)
        manifest = rejudgement.manifest
        report, summary = self._document(report_key(rejudgement_id)), self._document(summary_key(manifest))
        status, error = (report["result"].upper(), None) if report else self._status(rejudgement_id)
        return Progress(
            rejudgement=rejudgement,
            status=status,
            days=len(self._document(days_key(manifest)) or ()),
            surveyed_days=len(self.store.keys(self.bucket, complete_days_prefix(manifest))),
            parts=sum(summary["parts"].values()) if summary else 0,
            applied_parts=len(self.store.keys(self.bucket, finished_prefix(manifest))),
            report=report,
            error=error,
        )

    def _start(
        self, mode: Mode, tenant: str, name: str, candidate: Policy, *, manifest: str | None = None, **options: Any
    ) -> Rejudgement:
        new_id = self.new_id()
        rejudgement = Rejudgement(
            new_id, manifest or new_id, mode, tenant, name, candidate.digest, floor=self._floor(tenant, name), **options
        )
        document = rejudgement.to_state()
        self.store.put_document(self.bucket, request_key(new_id), document)
        self.executions.start(self.state_machine_arn, new_id, json.dumps(document))
        return rejudgement

    def _version(self, tenant: str, name: str, chosen: str) -> Policy:
        if chosen == ACTIVE:
            return self.policies.active(tenant, name)
        if chosen == SHADOW:
            _, pointer = self.policies.pointers(tenant, name)
            if pointer is None:
                raise PolicyMissingError(SHADOW)
            return self.policies.get(pointer.digest)
        self.policies.version(tenant, name, chosen)
        return self.policies.get(chosen)

    def _floor(self, tenant: str, name: str) -> str:
        """Return the digest of the floor that applies to a policy, "" if there is none; the floor itself has none."""
        floor = self.policies.floor_of(tenant, name)
        return floor.digest if floor else ""

    def _status(self, rejudgement_id: str) -> tuple[str, str | None]:
        """Return the status of an execution without a report, and the name of its error."""
        execution = self.executions.describe(arn_of(self.state_machine_arn, rejudgement_id)) or {}
        if execution.get("status") in {RUNNING, "SUCCEEDED"}:  # the report is being written
            return RUNNING, None
        return FAILED, execution.get("error")

    def _request(self, rejudgement_id: str) -> Rejudgement:
        document = self._document(request_key(rejudgement_id)) if is_ulid(rejudgement_id) else None
        if document is None:
            raise RejudgementMissingError(rejudgement_id)
        return Rejudgement.from_state(document)

    def _document(self, key: str) -> Any:
        return self.store.document(self.bucket, key)
