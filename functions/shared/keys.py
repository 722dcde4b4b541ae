"""Names of things in AWS that functions and templates share. No file name of an uploader is ever part of one.

originals   uploads/{image_id}/original
staging     {image_id}/{revision}/…            what has no verdict yet
published   {image_id}/{revision}/…            what may be served
generated   images/{image_id}/{canonical}      variants; the same path as the public URL
table       pk IMAGE#{image_id}: sk RECORD, LABELS, EVENT#{time}#{type}, EVENT#SECOND_UPLOAD;  pk DAYS: sk {day}
"""

import re

ULID_PATTERN = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
"""A ULID as https://github.com/ulid/spec writes it: 26 characters of Crockford's base 32, upper case."""

NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$"
"""A tenant or an owner: up to 128 letters, digits and . _ : @ - as in most user ids."""

DEFAULT_TENANT = "default"
"""The tenant of an image for which none was given."""

_ULID = re.compile(ULID_PATTERN, re.ASCII)

RECORD_SORT_KEY = "RECORD"
LABELS_SORT_KEY = "LABELS"
EVENT_PREFIX = "EVENT#"
SECOND_UPLOAD = "SECOND_UPLOAD"
"""Type of the history's lines about uploads that were not claimed."""
SECOND_UPLOAD_SORT_KEY = f"{EVENT_PREFIX}{SECOND_UPLOAD}"
"""The one line that counts them; it sorts after every line with a time."""
DAYS_PARTITION = "DAYS"
LISTING_INDEX = "by_day"

CACHE_TAG = "cache-tag"
"""Name of the metadata of a generated object that tells CloudFront its image, by which caches are purged."""

REJECTED_TAG = "image-scaler-status"
REJECTED_TAG_VALUE = "REJECTED"
"""The object tag of a refused original; the lifecycle rule of the originals bucket expires objects with it."""

EVENT_SOURCE = "image-scaler"
"""Source of the events on the stage's bus."""

METRICS_NAMESPACE = "ImageScaler"
"""CloudWatch namespace of the functions' own metrics."""


def is_image_id(text: str) -> bool:
    """Tell whether ``text`` has the form of an image id."""
    return _ULID.fullmatch(text) is not None


def upload_prefix(image_id: str) -> str:
    """Return the prefix, with its closing slash, of all that was uploaded for ``image_id``."""
    return f"uploads/{image_id}/"


def original_key(image_id: str) -> str:
    """Return the key in the originals bucket under which the upload of ``image_id`` arrives."""
    return f"{upload_prefix(image_id)}original"


def image_prefix(image_id: str) -> str:
    """Return the prefix, with its closing slash, of all revisions of an image in staging and in published."""
    return f"{image_id}/"


def revision_of(key: str) -> int:
    """Return the revision that a key in staging or published belongs to."""
    return int(key.split("/", 2)[1])


def revision_prefix(image_id: str, revision: int) -> str:
    """Return the prefix, with its closing slash, of one revision in staging and in published."""
    return f"{image_id}/{revision}/"


def generated_prefix(image_id: str) -> str:
    """Return the prefix, with its closing slash, of every generated variant of an image."""
    return f"images/{image_id}/"


def generated_key(image_id: str, canonical: str) -> str:
    """Return the key of one generated variant; it is the public URL's path without the leading slash."""
    return f"{generated_prefix(image_id)}{canonical}"


def record_partition(image_id: str) -> str:
    """Return the partition key of an image's record, labels and events."""
    return f"IMAGE#{image_id}"


def event_sort_key(at: str, event_type: str) -> str:
    """Return the sort key of a history event that happened at the ISO 8601 time ``at``."""
    return f"{EVENT_PREFIX}{at}#{event_type}"
