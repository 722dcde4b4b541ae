"""Records as the public API shows them: what clients and operators need, without keys of buckets."""

from dataclasses import asdict
from typing import Any, Final

from functions.manage.owners import OwnerRemoval
from functions.manage.resumption import Resumption
from functions.records.listing import History, HistoryLine, Image, Page
from functions.records.record import ImageRecord, Removal
from functions.shared.documents import as_json
from functions.shared.status import Status
from functions.shared.variant import POINT_STEPS

_PUBLIC: Final = (
    "tenant", "owner", "filename", "content_type", "declared_size", "created_at", "updated_at", "removed_at",
    "reason", "detail", "legal_hold", "revision",
)  # fmt: skip
"""Attributes of a record that are shown if they are set; empty strings and revision 0 mean that they are not."""

_REMOVAL: Final = ("status", "started_at", "step", "finished_at")


def summary(record: ImageRecord) -> dict[str, Any]:
    """Return one item of a list. Width and height are those of the original in px, upright."""
    shown: dict[str, Any] = {"id": record.image_id, "status": record.status}
    attributes: dict[str, Any] = {name: getattr(record, name) for name in _PUBLIC}
    shown |= {name: value for name, value in attributes.items() if value or value is False}
    if record.facts is not None:
        shown |= {"width": record.facts.width, "height": record.facts.height}
    if record.status.is_servable:
        shown["url_path"] = f"/images/{record.image_id}"
        if record.picture is not None:
            shown |= {name: getattr(record.picture, name) for name in ("placeholder", "dominant_color")}
    return shown


def full(image: Image) -> dict[str, Any]:
    """Return everything that the API shows of one image. Sizes in px and bytes, confidences in percent."""
    record = image.record
    shown = summary(record)
    if record.facts is not None:
        shown["original"] = as_json(record.facts)
    if record.claimed_by is not None:
        shown["execution_arn"] = record.claimed_by
    if record.error is not None:
        shown["error"] = record.error  # without its cause: stack traces are for operators, who can read the table
    if record.removal is not None:
        shown["removal"] = _removal(record.removal)
    shown |= _verdict(image)
    picture = record.picture
    if picture is not None and record.status.is_servable:
        shown["renditions"] = [
            {name: getattr(each, name) for name in ("width", "height", "bytes", "content_type")}
            for each in (*picture.renditions, picture.master)
        ]
        shown |= {name: getattr(picture, name) for name in ("animated", "has_alpha")}
        x, y = picture.focal_point
        shown["focal_point"] = {"x": x / POINT_STEPS, "y": y / POINT_STEPS}
        if picture.master.frames:
            shown["frames"] = picture.master.frames
    lines = history(image.history)
    shown |= {"history": lines["items"], "history_cursor": lines["cursor"]}
    return shown


def page(page: Page) -> dict[str, Any]:
    """Return a page of a listing, newest first."""
    return {
        "items": [summary(record) for record in page.records],
        "cursor": page.cursor.encode() if page.cursor else None,
    }


def owner_removal(page: OwnerRemoval) -> dict[str, Any]:
    """Return the ids of images that are being removed and of those that stay; whether there are more, and the cursor of
    the next call."""
    return {
        "removed": list(page.removed),
        "held": list(page.held),
        "complete": page.cursor is None,
        "cursor": page.cursor.encode() if page.cursor else None,
    }


def resumption(page: Resumption) -> dict[str, Any]:
    """Return the ids of resumed and skipped images, and the cursor of the next call; null at the end."""
    return {
        "resumed": list(page.resumed),
        "skipped": list(page.skipped),
        "cursor": page.cursor.encode() if page.cursor else None,
    }


def history(page: History) -> dict[str, Any]:
    """Return a page of an image's history, newest first."""
    return {
        "items": [_line(line) for line in page.lines],
        "cursor": page.cursor.encode() if page.cursor else None,
    }


def _line(line: HistoryLine) -> dict[str, Any]:
    return {name: value for name, value in asdict(line).items() if name != "sort_key" and value is not None}


def _verdict(image: Image) -> dict[str, Any]:
    """Return the verdict with its labels, and what may change it."""
    record = image.record
    shown: dict[str, Any] = {}
    if record.verdict is not None:
        shown = {"verdict": _known(as_json(record.verdict)), "policy_version": record.verdict.policy_version}
        shown["labels"] = [as_json(label) for label in image.labels]
    for name in ("override", "pending"):
        if (document := getattr(record, name)) is not None:
            shown[name] = _known(as_json(document), without="policies")
    if record.review is not None and record.status is Status.IN_REVIEW:
        shown["review"] = _known(as_json(record.review))
    return shown


def _known(document: dict[str, Any], *, without: str = "") -> dict[str, Any]:
    return {name: value for name, value in document.items() if value is not None and name != without}


def _removal(removal: Removal) -> dict[str, Any]:
    """Return the progress of a removal; of the last failure its name and time, without the cause."""
    shown: dict[str, Any] = {name: getattr(removal, name) for name in _REMOVAL if getattr(removal, name)}
    if removal.trouble_error:
        shown["trouble"] = {"error": removal.trouble_error, "at": removal.trouble_at}
    return shown
