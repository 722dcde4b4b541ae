"""The image record: one DynamoDB item per image, and its key. No SDK is imported here.

The labels and the history of an image are other items of the same partition (functions/shared/keys.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final, Protocol, Self

from functions.shared.clock import iso
from functions.shared.contracts import OriginalFacts, Picture, PinnedPolicies, ReviewTerms, Verdict, point_of
from functions.shared.documents import Document, Parts, optional
from functions.shared.dynamo import from_item
from functions.shared.errors import ContractError
from functions.shared.keys import DEFAULT_POLICY, DEFAULT_TENANT, RECORD_SORT_KEY, record_partition
from functions.shared.status import Decision, Fallback, Reason, Source, Status


@dataclass(frozen=True)
class Removal:
    """The progress of a removal. ``status`` is a word of retention.py; ``step`` is the last one that was completed.

    ``trouble_error`` and ``trouble_at`` are the name and the time of the last failure, empty if there was none.
    """

    status: str = ""
    started_at: str = ""
    step: str = ""
    finished_at: str = ""
    execution_arn: str = ""
    trouble_error: str = ""
    trouble_at: str = ""

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Build from the record's attribute."""
        trouble = document.get("trouble", {})
        names = ("status", "started_at", "step", "finished_at", "execution_arn")
        return cls(
            **{name: document[name] for name in names if name in document},
            trouble_error=trouble.get("error", ""),
            trouble_at=trouble.get("at", ""),
        )


@dataclass(frozen=True)
class VerdictSummary(Document):
    """The verdict as the record has it; the labels are an item of their own.

    A verdict of a release before 0.2.0 has no digests, reason and detector.
    """

    decision: str
    policy_version: str | None = None
    model_version: str | None = None
    deciding: tuple[str, ...] = ()
    moderated_at: str | None = None
    reason: str | None = None
    severity: int | None = None
    queue: str | None = None
    policy_name: str | None = None
    policy_digest: str | None = None
    floor_digest: str | None = None
    detector: str | None = None

    parts: ClassVar[Parts] = {"deciding": tuple}

    @classmethod
    def of(cls, verdict: Verdict, at: str) -> Self:
        """Return what the record keeps of a verdict that was given at this time."""
        basis = verdict.basis
        return cls(
            decision=verdict.decision,
            policy_version=verdict.policy_version,
            model_version=verdict.model_version,
            deciding=verdict.deciding,
            moderated_at=at,
            reason=basis.reason,
            severity=basis.severity,
            queue=basis.queue,
            policy_name=basis.policies.name,
            policy_digest=basis.policies.policy or None,
            floor_digest=basis.policies.floor or None,
            detector=basis.detector,
        )


@dataclass(frozen=True)
class Override(Document):
    """A decision that replaces the policy's, until the next one. ``at`` is its time.

    ``source`` is override, or review for a fallback; ``actor`` made the decision.
    """

    decision: Decision
    actor: str
    at: str
    source: Source
    reason: str | None = None
    note: str | None = None

    parts: ClassVar[Parts] = {"decision": Decision, "source": Source}


@dataclass(frozen=True)
class Review(Document):
    """The review of an image in review: the time when ``fallback`` is applied, None if it is held without a limit."""

    fallback: Fallback
    due_at: str | None = None

    parts: ClassVar[Parts] = {"fallback": Fallback}


def due_at(terms: ReviewTerms) -> str:
    """Return when a review that begins now is due."""
    return iso(datetime.now(UTC) + timedelta(seconds=terms.after_seconds))


@dataclass(frozen=True)
class Pending(Document):
    """A decision for which the image has to be processed again; ``policies`` are those of re-judging."""

    decision: Decision
    source: Source
    at: str
    policies: PinnedPolicies | None = None

    parts: ClassVar[Parts] = {
        "decision": Decision,
        "source": Source,
        "policies": optional(PinnedPolicies.from_state),
    }


@dataclass(frozen=True)
class ImageRecord:
    """One image. Times are ISO 8601 in UTC; ``revision`` is the published one, 0 before the first.

    ``unannounced`` is the type of the completion event, until it was sent and all that the ending requires is done;
    ``declared_size`` is the size in bytes that the client announced; ``claimed_by`` is the ARN of the last execution
    that processed the image; ``error`` is the name of the error that ended it. ``legal_hold`` is
    None if it was never set. ``focal_point`` is the one that a client has set, in sixteenths; the picture has it too.
    ``policy`` is the name of the policy; ``last_revision`` is the newest revision, also of an execution in progress.
    """

    image_id: str
    status: Status
    created_at: str
    tenant: str = DEFAULT_TENANT
    owner: str | None = None
    filename: str | None = None
    content_type: str | None = None
    declared_size: int | None = None
    updated_at: str | None = None
    removed_at: str | None = None
    revision: int = 0
    claimed_by: str | None = None
    facts: OriginalFacts | None = None
    picture: Picture | None = None
    verdict: VerdictSummary | None = None
    reason: Reason | None = None
    detail: str | None = None
    error: str | None = None
    removal: Removal | None = None
    legal_hold: bool | None = None
    unannounced: str | None = None
    focal_point: tuple[int, int] | None = None
    policy: str = DEFAULT_POLICY
    last_revision: int = 0
    override: Override | None = None
    review: Review | None = None
    pending: Pending | None = None

    @classmethod
    def from_item(cls, item: dict[str, Any]) -> Self:
        """Build from an item in DynamoDB's typed form ({"S": …}). Raises ContractError if an attribute is invalid."""
        return cls.from_document(from_item(item))

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Build from a plain item; unknown attributes are ignored. Raises ContractError if an attribute is invalid."""
        known = {name: document[name] for name in cls.__dataclass_fields__ if document.get(name) is not None}
        known.setdefault("created_at", "")
        try:
            known["status"] = Status(document["status"])
            if "reason" in known:
                known["reason"] = Reason(known["reason"])
            for name, part in _PARTS.items():
                if name in known:
                    known[name] = part(known[name])
            if "picture" in known and "focal_point" in known:
                known["picture"] = replace(known["picture"], focal_point=known["focal_point"])
            return cls(**known)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ContractError(f"ImageRecord: {error!r}") from error


def _error_name(document: dict[str, Any]) -> Any:
    return document.get("error")


_PARTS: Final[dict[str, Callable[[Any], Any]]] = {
    "facts": OriginalFacts.from_state,
    "picture": Picture.from_state,
    "verdict": VerdictSummary.from_state,
    "removal": Removal.from_document,
    "error": _error_name,
    "focal_point": point_of,
    "override": Override.from_state,
    "review": Review.from_state,
    "pending": Pending.from_state,
}
"""How each nested attribute is read."""


class Records(Protocol):
    """Reads image records by id; implemented by RecordReader and by serve's own client."""

    def get(self, image_id: str, *, consistent: bool = False) -> ImageRecord:
        """Return the record. Raises RecordMissingError or TransientDependencyError."""


def record_key(image_id: str) -> dict[str, Any]:
    """Return the key of an image's record in DynamoDB's typed form."""
    return {"pk": {"S": record_partition(image_id)}, "sk": {"S": RECORD_SORT_KEY}}
