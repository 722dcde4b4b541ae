"""A record as the public API shows it: what an uploader and an operator need, and no key of a bucket."""

from typing import Any, Final

from functions.shared.contracts import Status

SERVED: Final = frozenset({Status.PUBLISHED, Status.BLURRED})
_PUBLIC: Final = (
    "tenant", "owner", "filename", "content_type", "declared_size", "created_at", "updated_at", "removed_at",
    "reason", "detail", "legal_hold", "revision",
)  # fmt: skip
_HISTORY: Final = ("type", "at", "execution_arn", "revision", "reason", "detail", "error")


def summary(record: dict[str, Any]) -> dict[str, Any]:
    """Return one line of the listing."""
    shown = {"id": record["image_id"], "status": record["status"]}
    shown |= {name: record[name] for name in _PUBLIC if name in record}
    if record["status"] in SERVED:
        shown["url_path"] = f"/images/{record['image_id']}"
    return shown


def full(record: dict[str, Any], labels: list[dict[str, Any]], history: list[dict[str, Any]]) -> dict[str, Any]:
    """Return everything that the API tells of one image. Sizes in px and bytes, confidences in percent."""
    shown = summary(record)
    if "facts" in record:
        shown["original"] = record["facts"]
    if "claimed_by" in record:
        shown["execution_arn"] = record["claimed_by"]
    if "error" in record:
        shown["error"] = record["error"].get("error")  # the cause has stack traces: it is the operator's, in the table
    if "verdict" in record:
        shown |= {"verdict": record["verdict"], "policy_version": record["verdict"].get("policy_version")}
        shown["labels"] = labels
    picture = record.get("picture")
    if picture and record["status"] in SERVED:
        shown["renditions"] = [
            {name: each[name] for name in ("width", "height", "bytes", "content_type")}
            for each in (*picture["renditions"], picture["master"])
        ]
        shown |= {name: picture.get(name) for name in ("placeholder", "dominant_color", "animated", "has_alpha")}
    shown["history"] = [{name: event[name] for name in _HISTORY if name in event} for event in history]
    return shown
