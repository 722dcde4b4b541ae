"""The policies of a stage in its table: documents, the versions of each policy, and which one is active.

    pk POLICY_DOCUMENT#{digest}      sk DOCUMENT           text; the same for every tenant and name
    pk POLICY#{tenant}#{name}        sk DIGEST#{digest}    version, created_at, checked_at, failures
                                     sk ACTIVE             digest, number, activated_at
                                     sk SHADOW             digest, started_at
                                     sk EVENT#{at}#…       what was activated or shadowed, and by whom

A document is never changed: its key is the digest of its content. ACTIVE is written on the condition that it still has
the number that was read, so of two simultaneous activations one is refused.

The policy of an image is the active one of its tenant and policy name. If there is none, it is that of the tenant
`default` with the same name, then that of `default` with the name `default`, then the shipped one.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from functions.policy.policy import Policy
from functions.shared.aws import batch_get, client, translated_errors
from functions.shared.clock import now
from functions.shared.dynamo import from_item, to_item
from functions.shared.errors import PolicyMissingError, RecordConflictError
from functions.shared.keys import DEFAULT_POLICY, DEFAULT_TENANT, event_sort_key

FLOOR_NAME: Final = "floor"
"""The policy of the tenant `default` that no policy may be milder than."""

ACTIVE: Final = "ACTIVE"
SHADOW: Final = "SHADOW"
DOCUMENT: Final = "DOCUMENT"
DIGEST_PREFIX: Final = "DIGEST#"

Place = tuple[str, str]
"""A tenant and the name of one of its policies."""

_FLOOR: Final[tuple[Place, str]] = ((DEFAULT_TENANT, FLOOR_NAME), ACTIVE)

MAX_CACHED: Final = 64
"""Documents that a process keeps; the largest has 64 KiB."""


@dataclass(frozen=True)
class Version:
    """A stored document of one policy. Times are ISO 8601 in UTC; ``checked_at`` is None before the first check.

    ``failures`` are the sentences of the last check; it passed if there are none.
    """

    digest: str
    version: str
    created_at: str
    checked_at: str | None = None
    failures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pointer:
    """The document that is active or shadowed, since when, and the number of the activation (0 for a shadow)."""

    digest: str
    at: str
    number: int = 0


@dataclass(frozen=True)
class Resolution:
    """What judges an image: its policy, the floor and the shadow, each with the same answer of the detector.

    ``tenant`` and ``name`` are those of the policy that was found; those of the shipped one are `default`.
    """

    policy: Policy
    floor: Policy | None = None
    shadow: Policy | None = None
    tenant: str = DEFAULT_TENANT
    name: str = DEFAULT_POLICY


_documents: dict[str, Policy] = {}
"""The documents that this process has read, by digest. They never change."""


class PolicyStore:
    """Reads and writes the policies of one table. ``dynamodb`` is a botocore client, by default the process's own."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb

    # --- what judges an image ---

    def resolve(self, tenant: str, name: str | None = None) -> Resolution:
        """Return the policy, the floor and the shadow for images of a tenant with this policy name.

        The pointers are read in one call each time. Raises PolicyMissingError or TransientDependencyError.
        """
        chain = _chain(tenant, name or DEFAULT_POLICY)
        pointers = self._pointers([*((place, kind) for place in chain for kind in (ACTIVE, SHADOW)), _FLOOR])
        found = next((place for place in chain if (place, ACTIVE) in pointers), None)
        until = chain if found is None else chain[: chain.index(found) + 1]
        shadowed = next((place for place in until if (place, SHADOW) in pointers), None)
        resolved_tenant, resolved_name = found or (DEFAULT_TENANT, DEFAULT_POLICY)
        return Resolution(
            policy=Policy.shipped() if found is None else self.get(pointers[found, ACTIVE].digest),
            floor=self.get(pointers[_FLOOR].digest) if _FLOOR in pointers else None,
            shadow=self.get(pointers[shadowed, SHADOW].digest) if shadowed else None,
            tenant=resolved_tenant,
            name=resolved_name,
        )

    def active(self, tenant: str, name: str | None = None) -> Policy:
        """Return the policy for images of a tenant with this policy name. Raises as ``resolve`` does."""
        return self.resolve(tenant, name).policy

    def floor(self) -> Policy | None:
        """Return the active floor. Raises as ``resolve`` does."""
        pointer = self._pointers([_FLOOR]).get(_FLOOR)
        return None if pointer is None else self.get(pointer.digest)

    def floor_of(self, tenant: str, name: str) -> Policy | None:
        """Return the floor that no version of a policy may be milder than; the floor itself has none.

        Raises as ``resolve`` does.
        """
        return None if (tenant, name) == (DEFAULT_TENANT, FLOOR_NAME) else self.floor()

    def in_force(self, tenant: str, name: str) -> tuple[str, str]:
        """Return the digests of the policy and of the floor that judge images now, "" if there is no floor.

        Raises as ``resolve`` does.
        """
        found = self.resolve(tenant, name)
        floor = None if (tenant, name) == (DEFAULT_TENANT, FLOOR_NAME) else found.floor
        return found.policy.digest, floor.digest if floor else ""

    def get(self, digest: str) -> Policy:
        """Return a document by its digest. Raises PolicyMissingError, PolicyError or TransientDependencyError."""
        if digest == Policy.shipped().digest:
            return Policy.shipped()
        if digest not in _documents:
            key = {"pk": document_partition(digest), "sk": DOCUMENT}
            with translated_errors():
                response = self._dynamodb.get_item(TableName=self._table, Key=to_item(key))
            if "Item" not in response:
                raise PolicyMissingError(digest)
            policy = Policy.from_text(from_item(response["Item"])["text"])
            while len(_documents) >= MAX_CACHED:
                _documents.pop(next(iter(_documents)), None)
            _documents[digest] = policy
        return _documents[digest]

    # --- one policy ---

    def pointers(self, tenant: str, name: str) -> tuple[Pointer | None, Pointer | None]:
        """Return what is active and what is shadowed under exactly this name. Raises TransientDependencyError."""
        place = (tenant, name)
        found = self._pointers([(place, ACTIVE), (place, SHADOW)])
        return found.get((place, ACTIVE)), found.get((place, SHADOW))

    def version(self, tenant: str, name: str, digest: str) -> Version:
        """Return a version of a policy. Raises PolicyMissingError or TransientDependencyError."""
        with translated_errors():
            response = self._dynamodb.get_item(
                TableName=self._table, Key=to_item(_version_key(tenant, name, digest)), ConsistentRead=True
            )
        if "Item" not in response:
            raise PolicyMissingError(digest)
        return _version(from_item(response["Item"]))

    def versions(self, tenant: str, name: str) -> list[Version]:
        """Return all versions of a policy, newest first. Raises TransientDependencyError."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues=to_item({":pk": policy_partition(tenant, name), ":prefix": DIGEST_PREFIX}),
            ConsistentRead=True,
        )
        with translated_errors():
            found = [_version(from_item(item)) for page in pages for item in page["Items"]]
        return sorted(found, key=lambda each: (each.created_at, each.digest), reverse=True)

    def put(self, tenant: str, name: str, policy: Policy) -> tuple[Version, bool]:
        """Store a version, and return it and whether it is new. Raises TransientDependencyError."""
        with suppress(RecordConflictError):  # the document is stored already
            document = {"pk": document_partition(policy.digest), "sk": DOCUMENT, "text": policy.text}
            self._put_new(document)
        version = Version(policy.digest, policy.version, created_at=now())
        try:
            self._put_new(
                {
                    **_version_key(tenant, name, policy.digest),
                    "digest": policy.digest,
                    "version": policy.version,
                    "created_at": version.created_at,
                }
            )
        except RecordConflictError:
            return self.version(tenant, name, policy.digest), False
        return version, True

    def record_check(self, tenant: str, name: str, digest: str, failures: Iterable[str]) -> Version:
        """Record the result of a check, and return the version.

        Raises PolicyMissingError or TransientDependencyError.
        """
        try:
            with translated_errors():
                response = self._dynamodb.update_item(
                    TableName=self._table,
                    Key=to_item(_version_key(tenant, name, digest)),
                    UpdateExpression="SET checked_at = :at, failures = :failures",
                    ConditionExpression="attribute_exists(pk)",
                    ExpressionAttributeValues=to_item({":at": now(), ":failures": list(failures)}),
                    ReturnValues="ALL_NEW",
                )
        except RecordConflictError as error:
            raise PolicyMissingError(digest) from error
        return _version(from_item(response["Attributes"]))

    def activate(self, tenant: str, name: str, digest: str, *, number: int, actor: str) -> Pointer:
        """Make a checked version active, if the active one still has this number (0: there is none).

        Raises RecordConflictError if it has not, or if the version has not passed its check, or
        TransientDependencyError.
        """
        at = now()
        pointer = Pointer(digest, at, number + 1)
        active = {
            "pk": policy_partition(tenant, name),
            "sk": ACTIVE,
            "digest": digest,
            "number": pointer.number,
            "activated_at": at,
        }
        event = _event(tenant, name, at, "ACTIVATED", digest=digest, actor=actor, number=pointer.number)
        same = "attribute_not_exists(pk)" if number == 0 else "#number = :number"
        condition = {
            "ConditionExpression": same,
            **({} if number == 0 else {"ExpressionAttributeNames": {"#number": "number"}}),
            **({} if number == 0 else {"ExpressionAttributeValues": to_item({":number": number})}),
        }
        check = {
            "TableName": self._table,
            "Key": to_item(_version_key(tenant, name, digest)),
            "ConditionExpression": "attribute_exists(checked_at) AND size(failures) = :none",
            "ExpressionAttributeValues": to_item({":none": 0}),
        }
        with translated_errors():
            self._dynamodb.transact_write_items(
                TransactItems=[
                    {"Put": {"TableName": self._table, "Item": to_item(active), **condition}},
                    {"ConditionCheck": check},
                    {"Put": {"TableName": self._table, "Item": to_item(event)}},
                ]
            )
        return pointer

    def start_shadow(self, tenant: str, name: str, digest: str, *, actor: str) -> Pointer:
        """Shadow a version in place of any other. Raises TransientDependencyError."""
        at = now()
        shadow = {"pk": policy_partition(tenant, name), "sk": SHADOW, "digest": digest, "started_at": at}
        event = _event(tenant, name, at, "SHADOWED", digest=digest, actor=actor)
        with translated_errors():
            self._dynamodb.transact_write_items(
                TransactItems=[
                    {"Put": {"TableName": self._table, "Item": to_item(shadow)}},
                    {"Put": {"TableName": self._table, "Item": to_item(event)}},
                ]
            )
        return Pointer(digest, at)

    def end_shadow(self, tenant: str, name: str, *, actor: str) -> None:
        """Stop shadowing. Raises TransientDependencyError."""
        event = _event(tenant, name, now(), "SHADOW_ENDED", actor=actor)
        key = {"pk": policy_partition(tenant, name), "sk": SHADOW}
        with suppress(RecordConflictError), translated_errors():  # there is none
            self._dynamodb.transact_write_items(
                TransactItems=[
                    {
                        "Delete": {
                            "TableName": self._table,
                            "Key": to_item(key),
                            "ConditionExpression": "attribute_exists(pk)",
                        }
                    },
                    {"Put": {"TableName": self._table, "Item": to_item(event)}},
                ]
            )

    def _put_new(self, item: dict[str, Any]) -> None:
        with translated_errors():
            self._dynamodb.put_item(
                TableName=self._table, Item=to_item(item), ConditionExpression="attribute_not_exists(pk)"
            )

    def _pointers(self, wanted: list[tuple[Place, str]]) -> dict[tuple[Place, str], Pointer]:
        places = {policy_partition(*place): place for place, _ in wanted}
        keys = {(policy_partition(*place), kind) for place, kind in wanted}
        typed = [to_item({"pk": partition, "sk": kind}) for partition, kind in sorted(keys)]
        found: dict[tuple[Place, str], Pointer] = {}
        for item in map(from_item, batch_get(self._dynamodb, self._table, typed, ConsistentRead=True)):
            at = item.get("activated_at") or item.get("started_at", "")
            found[places[item["pk"]], item["sk"]] = Pointer(item["digest"], at, item.get("number", 0))
        return found


def document_partition(digest: str) -> str:
    """Return the partition key of a document."""
    return f"POLICY_DOCUMENT#{digest}"


def policy_partition(tenant: str, name: str) -> str:
    """Return the partition key of a policy's versions, pointers and events."""
    return f"POLICY#{tenant}#{name}"


def _chain(tenant: str, name: str) -> list[Place]:
    """Return where the policy of an image is looked for, in this order."""
    return list(dict.fromkeys([(tenant, name), (DEFAULT_TENANT, name), (DEFAULT_TENANT, DEFAULT_POLICY)]))


def _version_key(tenant: str, name: str, digest: str) -> dict[str, Any]:
    return {"pk": policy_partition(tenant, name), "sk": f"{DIGEST_PREFIX}{digest}"}


def _version(item: dict[str, Any]) -> Version:
    return Version(
        digest=item["digest"],
        version=item["version"],
        created_at=item["created_at"],
        checked_at=item.get("checked_at"),
        failures=tuple(item.get("failures", ())),
    )


def _event(tenant: str, name: str, at: str, kind: str, **members: Any) -> dict[str, Any]:
    return {"pk": policy_partition(tenant, name), "sk": event_sort_key(at, kind), "type": kind, "at": at, **members}
