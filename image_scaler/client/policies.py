"""Moderation policies of a stage: stored, checked, activated and shadowed. docs/policies.md describes a document."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self
from urllib.parse import quote

from image_scaler.client.calls import Calls, query_of
from image_scaler.client.results import Document, reading, text_of, time_of

DEFAULT_NAME: Final = "default"
"""The policy of images that name none."""


@dataclass(frozen=True)
class PolicyVersion:
    """A stored version of a policy: its ``digest`` identifies it, ``version`` is its name for people.

    ``checked_at`` is None before the first check. ``failures`` are what the last check found. ``document`` is the
    complete document from the API; its member ``document`` is the policy itself, if it was asked for.
    """

    digest: str
    version: str
    created_at: datetime
    checked_at: datetime | None = None
    failures: tuple[str, ...] = ()
    document: Document = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read a version. Raises UnexpectedAnswerError."""
        with reading("a version of a policy"):
            return cls(
                digest=str(document["digest"]),
                version=str(document["version"]),
                created_at=datetime.fromisoformat(document["created_at"]),
                checked_at=time_of(document, "checked_at"),
                failures=tuple(map(str, document.get("failures", ()))),
                document=document,
            )


@dataclass(frozen=True)
class PolicyInForce:
    """The policy that judges images of a tenant with this policy name, as ``policy``.

    ``shipped`` tells whether it is the one that the service has without any other. ``active_digest`` and
    ``shadow_digest`` are what is active and shadowed under exactly this tenant and name.
    """

    digest: str
    version: str
    shipped: bool
    policy: Document
    active_digest: str | None = None
    shadow_digest: str | None = None
    floor_digest: str | None = None
    document: Document = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the response of getPolicy. Raises UnexpectedAnswerError."""
        with reading("a policy"):
            return cls(
                digest=str(document["digest"]),
                version=str(document["version"]),
                shipped=bool(document["from"]["shipped"]),
                policy=document["document"],
                active_digest=text_of(document.get("active") or {}, "digest"),
                shadow_digest=text_of(document.get("shadow") or {}, "digest"),
                floor_digest=text_of(document, "floor_digest"),
                document=document,
            )


class Policies:
    """The policies of one stage. Each method takes the policy's name and the tenant (default: `default`).

    Raises InvalidRequestError for a document with faults, NotFoundError for an unknown version, or another ClientError.
    """

    def __init__(self, edge: str, calls: Calls) -> None:
        self._edge = edge
        self._calls = calls

    def get(self, name: str = DEFAULT_NAME, *, tenant: str | None = None) -> PolicyInForce:
        """Return the policy that judges images of a tenant with this policy name."""
        return PolicyInForce.from_document(self._call("GET", name, tenant=tenant))

    def version(self, digest: str, *, name: str = DEFAULT_NAME, tenant: str | None = None) -> PolicyVersion:
        """Return a version with its document."""
        return PolicyVersion.from_document(self._call("GET", name, tenant=tenant, digest=digest))

    def versions(self, name: str = DEFAULT_NAME, *, tenant: str | None = None) -> tuple[PolicyVersion, ...]:
        """Return all versions without their documents, newest first."""
        document = self._call("GET", f"{name}/versions", tenant=tenant)
        with reading("versions of a policy"):
            return tuple(map(PolicyVersion.from_document, document["items"]))

    def put(self, document: Mapping[str, Any], *, name: str = DEFAULT_NAME, tenant: str | None = None) -> PolicyVersion:
        """Store a version; it is not active yet. The same document is stored once."""
        return PolicyVersion.from_document(self._call("PUT", name, body=document, tenant=tenant))

    def check(self, digest: str, *, name: str = DEFAULT_NAME, tenant: str | None = None) -> PolicyVersion:
        """Check a version.

        Raises InvalidRequestError (``problem.document["failures"]``: examples that fail), ConflictError
        (``milder_than_floor``: places where the policy is milder than the floor), or another ClientError.
        """
        return PolicyVersion.from_document(self._call("POST", f"{name}/check", body={"digest": digest}, tenant=tenant))

    def activate(self, digest: str, *, name: str = DEFAULT_NAME, tenant: str | None = None) -> int:
        """Make a checked version the active one, and return the number of the activation.

        It judges images that are claimed from now on. Raises as ``check`` does, and ConflictError for a version that
        was not checked.
        """
        answer = self._call("POST", f"{name}/activate", body={"digest": digest}, tenant=tenant)
        with reading("an activation"):
            return int(answer["number"])

    def shadow(self, digest: str, *, name: str = DEFAULT_NAME, tenant: str | None = None) -> None:
        """Judge images by a version too, and only record its decision."""
        self._call("POST", f"{name}/shadow", body={"digest": digest}, tenant=tenant)

    def end_shadow(self, name: str = DEFAULT_NAME, *, tenant: str | None = None) -> None:
        """Stop shadowing."""
        self._call("DELETE", f"{name}/shadow", tenant=tenant)

    def _call(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, **query: str | None
    ) -> dict[str, Any]:
        address = f"{self._edge}/v1/policies/{quote(path)}{query_of(query)}"
        if body is None:
            return self._calls.api(method, address)
        sent = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()  # a policy is sent as it is, null and all
        return self._calls.api(method, address, headers={"Content-Type": "application/json"}, content=lambda: sent)
