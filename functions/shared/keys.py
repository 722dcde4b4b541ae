"""Names and keys in AWS that functions and templates share. They never contain a client's file name.

originals   uploads/{image_id}/original
staging     {image_id}/{revision}/…            files without a verdict
published   {image_id}/{revision}/…            files that may be served
generated   images/{image_id}/{canonical}      variants; the path of the public URL
table       pk IMAGE#{image_id}: sk RECORD, LABELS, EVENT#{time}#…, EVENT#SECOND_UPLOAD, ENTRY#{selector};
            pk DAYS: sk {day}; policies: see functions/policy/store.py
"""

import os
import re
import time
from datetime import UTC, datetime, timedelta

ULID_PATTERN = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
"""A ULID (https://github.com/ulid/spec): 26 characters of Crockford's base 32, upper case."""

NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$"
"""A tenant or an owner: 1 to 128 letters, digits and . _ : @ - (the first one a letter or digit)."""

POLICY_NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
"""The name of a moderation policy: 1 to 64 letters, digits and _ - (the first one a letter or digit)."""

DEFAULT_TENANT = "default"
"""The tenant of an image that was uploaded without one."""

DEFAULT_POLICY = "default"
"""The policy of an image whose upload names none."""

_ULID = re.compile(ULID_PATTERN, re.ASCII)
_ULID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID_TIME_CHARACTERS = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

RECORD_SORT_KEY = "RECORD"
LABELS_SORT_KEY = "LABELS"
EVENT_PREFIX = "EVENT#"
SECOND_UPLOAD = "SECOND_UPLOAD"
"""Type of history items about uploads that were not claimed."""
SECOND_UPLOAD_SORT_KEY = f"{EVENT_PREFIX}{SECOND_UPLOAD}"
"""The history item that counts them; it sorts after every item with a time."""
ENTRY_PREFIX = "ENTRY#"
"""Items of the index by_selector. They sort before the history, so that one descending query reads an image."""
DAYS_PARTITION = "DAYS"
LISTING_INDEX = "by_day"
SELECTOR_INDEX = "by_selector"
"""The index of lists: images by tenant, owner, status, verdict, label or SHA-256 (functions/records/entries.py)."""

CACHE_TAG = "cache-tag"
"""Metadata of a generated object that contains the image's id; CloudFront purges its caches by this tag."""

REVISION_METADATA = "revision"
"""Metadata of a generated object that contains the revision from which the variant was generated."""

REFINED_METADATA = "refined"
"""Metadata of a generated object that was refined, or that no refinement makes smaller; it is not refined again."""

REJECTED_TAG = "image-scaler-status"
REJECTED_TAG_VALUE = "REJECTED"
"""The object tag of a rejected original; the lifecycle rule of the originals bucket expires objects with it."""

EVENT_SOURCE = "image-scaler"
"""Source of the events on the stage's bus."""

METRICS_NAMESPACE = "ImageScaler"
"""CloudWatch namespace of the functions' metrics."""


def is_ulid(text: str) -> bool:
    """Tell whether ``text`` is a ULID, as the ids of images and rejudgements are."""
    return _ULID.fullmatch(text) is not None


def first_id_of(moment: datetime) -> str:
    """Return what sorts before every id created at a time or later, and after every id that was created before.

    Ids are ULIDs, whose first ten characters are the time in ms, in base 32.
    """
    milliseconds, text = max(0, -((_EPOCH - moment) // timedelta(milliseconds=1))), ""
    for _ in range(_ULID_TIME_CHARACTERS):
        milliseconds, digit = divmod(milliseconds, len(_ULID_ALPHABET))
        text = _ULID_ALPHABET[digit] + text
    return text


def upload_prefix(image_id: str) -> str:
    """Return the prefix of an image's uploads, with a trailing slash."""
    return f"uploads/{image_id}/"


def original_key(image_id: str) -> str:
    """Return the key of an image's upload in the originals bucket."""
    return f"{upload_prefix(image_id)}original"


def image_prefix(image_id: str) -> str:
    """Return the prefix of all revisions of an image in staging and published, with a trailing slash."""
    return f"{image_id}/"


def revision_of(key: str) -> int:
    """Return the revision of a key in staging or published."""
    return int(key.split("/", 2)[1])


def revision_prefix(image_id: str, revision: int) -> str:
    """Return the prefix of one revision in staging and published, with a trailing slash."""
    return f"{image_id}/{revision}/"


def generated_prefix(image_id: str) -> str:
    """Return the prefix of an image's generated variants, with a trailing slash."""
    return f"images/{image_id}/"


def generated_key(image_id: str, canonical: str) -> str:
    """Return the key of a generated variant: the path of its public URL without the leading slash."""
    return f"{generated_prefix(image_id)}{canonical}"


def variant_of(key: str) -> tuple[str, str]:
    """Return the image id and the canonical spelling of a generated variant's key; ("", "") for any other key."""
    parts = key.split("/")
    if len(parts) != 3 or parts[0] != "images" or not is_ulid(parts[1]):
        return "", ""
    return parts[1], parts[2]


def record_partition(image_id: str) -> str:
    """Return the partition key of an image's record, labels and events."""
    return f"IMAGE#{image_id}"


def event_sort_key(at: str, event_type: str) -> str:
    """Return a new sort key of a history item; ``at`` is an ISO 8601 time.

    No other item has it, so that no write replaces another's item. Items of the same millisecond sort by the time of
    this call. The items that state machines write end with the name of their execution instead.
    """
    return f"{EVENT_PREFIX}{at}#{time.time_ns():x}{os.urandom(4).hex()}#{event_type}"


def removal_sort_key(at: str) -> str:
    """Return the sort key of the history item of the removal, which happens once."""
    return f"{EVENT_PREFIX}{at}#REMOVED"
