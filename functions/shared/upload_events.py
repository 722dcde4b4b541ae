"""The event with which S3 announces an upload, and the input of `ingest` made from it.

The event is also made again from what is known of the upload: an execution's own input is gone 90 days after it ended,
and an event can be lost before any execution starts.
"""

from collections.abc import Mapping
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


def ingest_input(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input of `ingest` for an event, so that its first states need not compute it.

    It contains what the states `ReadUploadEvent` and `DescribeUpload` make of the event itself, which is still a valid
    input. It also contains the event's ``detail``, which `settle`, an operator's resumption and an `ingest` of an
    earlier release read. Raises KeyError, TypeError, AttributeError or IndexError for an event that describes no
    upload.
    """
    bucket, stored = event["detail"]["bucket"]["name"], event["detail"]["object"]
    described = {"version-id": "", **stored}
    return {
        "image_id": stored["key"].split("/")[1],
        "original": {"bucket": bucket, **{name: stored[name] for name in ("key", "etag", "size")}},
        "object": described,
        "sequencer": stored["sequencer"],
        "resume": event.get("resume", False),
        "rework": event.get("rework", False),
        "overwrites": {"times": 0},
        "persists": {"times": 0},
        "verdict": {"answers": {"views": [], "labels": [], "model_version": ""}},
        "detail": {"bucket": {"name": bucket}, "object": described},
    }
