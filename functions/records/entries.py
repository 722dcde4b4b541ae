"""The items of the index ``by_selector``, which is the only index that lists read.

The index has two attributes. ``selector`` is what a list is asked for, ``position`` the place of an image in it:

    item                  selector                         position
    the record itself     STATUS#{status}                  {tenant}#{image_id}
    ENTRY#TENANT          TENANT#{tenant}                  {tenant}#{image_id}
    ENTRY#OWNER           OWNER#{tenant}#{owner}           {tenant}#{image_id}
    ENTRY#VERDICT         VERDICT#{tenant}#{decision}      {tenant}#{image_id}
    ENTRY#SHA256          SHA256#{tenant}#{hash}           {tenant}#{image_id}
    ENTRY#LABEL#{name}    LABEL#{tenant}#{name}            {tenant}#{image_id}
    EVENT#{time}#{type}   DUE#{hour}                       {image_id}

Ids begin with their time, so positions of a tenant sort by it. Entries are items of the image's partition and contain
nothing else: a page reads the records of its entries, and the record decides whether the image belongs to the list.

A history item is in the index if something follows it: an event that is to be sent, or a new execution. Its write is
also the one that notes this in the record. The sweep reads the last days of these items, however old the images are.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from functions.shared.contracts import Label
from functions.shared.keys import ENTRY_PREFIX, RECORD_SORT_KEY, record_partition
from functions.shared.status import Status

MAX_LABEL_ENTRIES: Final = 40
"""Labels of an image that it is listed under, those with the highest confidence. One transaction deletes the entries
of an old verdict and writes those of a new one; DynamoDB allows 100 items. Rekognition finds a few."""

_DIGEST_CHARACTERS: Final = 16


class Selector(StrEnum):
    """What images are listed by."""

    TENANT = "TENANT"
    OWNER = "OWNER"
    STATUS = "STATUS"
    VERDICT = "VERDICT"
    LABEL = "LABEL"
    SHA256 = "SHA256"


@dataclass(frozen=True)
class Selection:
    """The images of a tenant that have a value of a selector; ``value`` is empty for Selector.TENANT."""

    tenant: str
    by: Selector = Selector.TENANT
    value: str = ""

    @property
    def selector(self) -> str:
        """The partition of the index."""
        if self.by is Selector.STATUS:
            return status_selector(self.value)
        return "#".join(filter(None, (self.by.value, self.tenant, self.value)))

    @property
    def sort_key(self) -> str:
        """The sort key of the images' items in the index."""
        if self.by is Selector.STATUS:
            return RECORD_SORT_KEY
        return f"{ENTRY_PREFIX}{self.by.value}" + (f"#{self.value}" if self.by is Selector.LABEL else "")

    @property
    def digest(self) -> str:
        """Identifies the selection in a cursor."""
        return hashlib.sha256(f"{self.tenant}#{self.selector}".encode()).hexdigest()[:_DIGEST_CHARACTERS]

    def includes(self, record: dict[str, Any]) -> bool:
        """Tell whether a record, as a plain item, belongs to the list.

        The index may lag behind the record. A removed image is only in the list of removed images.
        """
        if record.get("tenant") != self.tenant:
            return False
        if record.get("status") == Status.REMOVED and self.by is not Selector.STATUS:
            return False
        recorded = _RECORDED.get(self.by)
        return recorded is None or bool(recorded(record) == self.value)


_RECORDED: Final[dict[Selector, Callable[[dict[str, Any]], Any]]] = {
    Selector.STATUS: lambda record: record.get("status"),
    Selector.OWNER: lambda record: record.get("owner"),
    Selector.VERDICT: lambda record: record.get("verdict", {}).get("decision"),
    Selector.SHA256: lambda record: record.get("facts", {}).get("sha256"),
}
"""What a record has of each selector; labels are in another item."""


def status_selector(status: str) -> str:
    """Return the selector of records with this status. Every writer of a status writes it, also the state machines."""
    return f"{Selector.STATUS.value}#{status}"


def due_selector(at: str) -> str:
    """Return the selector of history items of an hour (UTC); ``at`` is an ISO 8601 time."""
    return f"DUE#{at[:13]}"


def due_entry(image_id: str, at: str) -> dict[str, str]:
    """Return the attributes of a history item that something follows. The state machines write the same."""
    return {"selector": due_selector(at), "position": image_id}


def position_of(tenant: str, image_id: str) -> str:
    """Return the position of an image in every list of its tenant."""
    return f"{tenant}#{image_id}"


def entry(selection: Selection, image_id: str) -> dict[str, Any]:
    """Return the item that lists an image, as a plain item."""
    return {
        "pk": record_partition(image_id),
        "sk": selection.sort_key,
        "selector": selection.selector,
        "position": position_of(selection.tenant, image_id),
    }


def entries_at_creation(image_id: str, *, tenant: str, owner: str | None) -> list[dict[str, Any]]:
    """Return the entries of an image that has no verdict yet, as plain items."""
    selections = [Selection(tenant)]
    if owner:
        selections.append(Selection(tenant, Selector.OWNER, owner))
    return [entry(each, image_id) for each in selections]


def verdict_entry(image_id: str, *, tenant: str, decision: str) -> dict[str, Any]:
    """Return the entry of a verdict as a plain item; it replaces the one of an earlier verdict."""
    return entry(Selection(tenant, Selector.VERDICT, decision), image_id)


def entries_at_verdict(
    image_id: str, *, tenant: str, owner: str | None, decision: str, sha256: str, labels: Iterable[Label]
) -> list[dict[str, Any]]:
    """Return all entries of an image with a verdict, as plain items."""
    return [
        *entries_at_creation(image_id, tenant=tenant, owner=owner),
        verdict_entry(image_id, tenant=tenant, decision=decision),
        entry(Selection(tenant, Selector.SHA256, sha256), image_id),
        *(entry(Selection(tenant, Selector.LABEL, name), image_id) for name in listed_labels(labels)),
    ]


def listed_labels(labels: Iterable[Label]) -> list[str]:
    """Return the names of labels that an image is listed under, without repetitions, in alphabetical order."""
    confidences: dict[str, float] = {}
    for label in labels:
        confidences[label.name] = max(label.confidence, confidences.get(label.name, 0.0))
    highest = sorted(confidences, key=lambda name: (-confidences[name], name))
    return sorted(highest[:MAX_LABEL_ENTRIES])
