"""The event with which S3 announces an upload, made again from what is known of the upload.

An execution's own input is gone 90 days after it ended, and an event can be lost before any execution starts.
"""

from typing import Any

from functions.shared.keys import original_key


def upload_event(
    image_id: str, *, bucket: str, etag: str, version: str, size: int, sequencer: str, **options: bool
) -> dict[str, Any]:
    """Return the event of one version of an original.

    ``etag`` is unquoted, ``version`` is "" in a bucket without versions, ``size`` is in bytes. ``options`` are the
    members that an operator's run sets: ``resume`` or ``rework``.
    """
    stored = {"key": original_key(image_id), "size": size, "etag": etag, "sequencer": sequencer}
    if version:
        stored["version-id"] = version
    return {"source": "image-scaler", "detail": {"bucket": {"name": bucket}, "object": stored}, **options}


def claimed_upload_event(record: dict[str, Any], *, bucket: str, **options: bool) -> dict[str, Any] | None:
    """Return the event of the upload that a record claims; None where the record does not have all of it.

    ``record`` is a plain item. Records of releases before 0.1.0 do not have the size.
    """
    size = record.get("claimed_size", record.get("original", {}).get("bytes"))
    if size is None or "claimed_etag" not in record:
        return None
    return upload_event(
        record["image_id"], bucket=bucket, etag=record["claimed_etag"], version=record.get("claimed_version", ""),
        size=int(size), sequencer=record["sequencer"], **options,
    )  # fmt: skip
