"""Reads the records of a day with the answers of the detector that are stored beside them."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Self

from functions.policy.policy import Answer
from functions.shared.aws import batch_get, client, translated_errors
from functions.shared.dynamo import from_item, to_item
from functions.shared.errors import ContractError
from functions.shared.keys import (
    DAYS_PARTITION,
    DEFAULT_POLICY,
    DEFAULT_TENANT,
    LABELS_SORT_KEY,
    LISTING_INDEX,
    record_partition,
)
from functions.shared.status import JUDGED, Decision, Status

RECORDS_PER_QUERY: Final = 500
"""A record has about 2 KB, and a query returns up to 1 MB."""

_DECISION_OF: Final = {decision.status: decision for decision in Decision}

_NAMES: Final = {
    "#tenant": "tenant",
    "#policy": "policy",
    "#status": "status",
    "#revision": "revision",
    "#override": "override",
    "#pending": "pending",
    "#verdict": "verdict",
    "#digest": "policy_digest",
    "#deciding": "deciding",
}


@dataclass(frozen=True)
class JudgedImage:
    """What a record says about its decision.

    ``decision`` is the one that is in force or being applied; None if the image has no verdict. ``digest`` is that of
    the policy of its verdict, "" in records of releases before 0.2.0; ``deciding`` are the labels that led to the
    verdict. ``is_overridden``: a person, an application or a review's fallback decided.
    """

    image_id: str
    tenant: str
    policy: str
    revision: int
    decision: Decision | None
    digest: str = ""
    deciding: tuple[str, ...] = ()
    is_overridden: bool = False

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Build from a record's plain item; unknown words mean that there is no verdict."""
        pending, verdict = document.get("pending") or {}, document.get("verdict") or {}
        return cls(
            image_id=document["image_id"],
            tenant=document.get("tenant", DEFAULT_TENANT),
            policy=document.get("policy", DEFAULT_POLICY),
            revision=document.get("revision", 0),
            decision=_decision(document.get("status"), pending.get("decision")),
            digest=verdict.get("policy_digest") or "",
            deciding=tuple(verdict.get("deciding") or ()),
            is_overridden=document.get("override") is not None,
        )


def _decision(status: Any, pending: Any) -> Decision | None:
    try:
        known = Status(status)
        if known not in JUDGED:
            return None
        return Decision(pending) if pending else _DECISION_OF[known]
    except ValueError:
        return None


@dataclass(frozen=True)
class RecordPage:
    """The images of some records of a day; ``after`` is the last one's id, None at the end of the day."""

    images: tuple[JudgedImage, ...]
    after: str | None

    @property
    def records(self) -> int:
        """The number of records that were read."""
        return len(self.images)


class Library:
    """Reads the images of one table. ``dynamodb`` is a botocore client, by default the process's own."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb

    def days(self) -> list[str]:
        """Return the days on which images were created, oldest first. Raises TransientDependencyError."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_item({":pk": DAYS_PARTITION}),
        )
        with translated_errors():
            return [from_item(item)["sk"] for page in pages for item in page["Items"]]

    def page(self, day: str, after: str) -> RecordPage:
        """Return images of a day whose ids are greater than ``after``, in order. Raises TransientDependencyError."""
        with translated_errors():
            response = self._dynamodb.query(
                TableName=self._table,
                IndexName=LISTING_INDEX,
                KeyConditionExpression="listing_day = :day AND image_id > :after",
                ExpressionAttributeValues=to_item({":day": day, ":after": after or "0"}),
                ExpressionAttributeNames=_NAMES,
                ProjectionExpression=(
                    "image_id, #tenant, #policy, #status, #revision, #override, #pending, "
                    "#verdict.#digest, #verdict.#deciding"
                ),
                Limit=RECORDS_PER_QUERY,
            )
        last = response.get("LastEvaluatedKey")
        return RecordPage(
            images=tuple(JudgedImage.from_document(from_item(item)) for item in response["Items"]),
            after=from_item(last)["image_id"] if last else None,
        )

    def answers(self, image_ids: list[str]) -> dict[str, Answer]:
        """Return the stored answers about images, by id; those that cannot be read are missing.

        Raises TransientDependencyError.
        """
        found: dict[str, Answer] = {}
        keys = [to_item({"pk": record_partition(each), "sk": LABELS_SORT_KEY}) for each in image_ids]
        for item in map(from_item, batch_get(self._dynamodb, self._table, keys)):
            with suppress(ContractError):
                found[item["pk"].partition("#")[2]] = Answer.from_state(item)
        return found
