"""A record as the public API shows it: what an uploader and an operator need, and no key of a bucket."""

from typing import Any, Final

from functions.manage.library import History, Image
from functions.shared.contracts import Status

SERVED: Final = frozenset({Status.PUBLISHED, Status.BLURRED})
_PUBLIC: Final = (
    "tenant", "owner", "filename", "content_type", "declared_size", "created_at", "updated_at", "removed_at",
    "reason", "detail", "legal_hold", "revision",
)  # fmt: skip
_LINE: Final = ("type", "at", "first_at", "count", "execution_arn", "revision", "reason", "detail", "error")
_REMOVAL: Final = ("status", "started_at", "step", "finished_at", "trouble")


def summary(record: dict[str, Any]) -> dict[str, Any]:
    """Return one line of the listing."""
    shown = {"id": record["image_id"], "status": record["status"]}
    shown |= {name: record[name] for name in _PUBLIC if name in record}
    if record["status"] in SERVED:
        shown["url_path"] = f"/images/{record['image_id']}"
    return shown


def full(image: Image) -> dict[str, Any]:
    """Return everything that the API tells of one image. Sizes in px and bytes, confidences in percent."""
    record = image.record
    shown = summary(record)
    if "facts" in record:
        shown["original"] = record["facts"]
    if "claimed_by" in record:
        shown["execution_arn"] = record["claimed_by"]
    if "error" in record:
        shown["error"] = record["error"].get("error")  # the cause has stack traces: it is the operator's, in the table
    if "removal" in record:
        shown["removal"] = _removal(record["removal"])
    if "verdict" in record:
        shown |= {"verdict": record["verdict"], "policy_version": record["verdict"].get("policy_version")}
        shown["labels"] = image.labels
    picture = record.get("picture")
    if picture and record["status"] in SERVED:
        shown["renditions"] = [
            {name: each[name] for name in ("width", "height", "bytes", "content_type")}
            for each in (*picture["renditions"], picture["master"])
        ]
        shown |= {name: picture.get(name) for name in ("placeholder", "dominant_color", "animated", "has_alpha")}
        if picture["master"].get("frames"):
            shown["frames"] = picture["master"]["frames"]
    page = history(image.history)
    shown |= {"history": page["items"], "history_cursor": page["cursor"]}
    return shown


def history(page: History) -> dict[str, Any]:
    """Return a page of an image's history, newest first."""
    return {
        "items": [{name: line[name] for name in _LINE if name in line} for line in page.lines],
        "cursor": page.cursor.encode() if page.cursor else None,
    }


def _removal(removal: dict[str, Any]) -> dict[str, Any]:
    """Return how far a removal is; of a trouble its name and time, without the cause."""
    shown: dict[str, Any] = {name: removal[name] for name in _REMOVAL if name in removal}
    if "trouble" in shown:
        shown["trouble"] = {name: removal["trouble"][name] for name in ("error", "at")}
    return shown
