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
