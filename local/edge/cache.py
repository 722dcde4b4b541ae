"""The edge's cache: entries by path, with CloudFront's lifetimes and least-recently-used eviction.

Invalidations name a path, a path with a trailing ``*``, or a tag after ``#``.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from local.edge.model import CachePolicy

CAPACITY_BYTES: Final = 256 * 1024 * 1024
ALWAYS_CACHED_ERRORS: Final = frozenset({404, 414, 500, 501, 502, 503, 504})
"""Errors that CloudFront caches even if the origin sets no lifetime or forbids caching."""
SOMETIMES_CACHED_ERRORS: Final = frozenset({400, 403, 405, 412, 415})
"""Errors that it caches if the origin sets a lifetime. It caches no others, such as 410, 413, 429 and 451."""
DEFAULT_ERROR_TTL: Final = 10

_DIRECTIVE = re.compile(r"([a-z-]+)(?:\s*=\s*\"?([0-9]+)\"?)?")


@dataclass(frozen=True)
class Entry:
    """A stored response: ``stored_at`` and ``expires_at`` are seconds of the cache's clock."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    stored_at: float
    expires_at: float
    tags: frozenset[str] = frozenset()
    """Lower-case: CloudFront compares tags case-insensitively."""


class Cache:
    """Entries by key. Not shared between threads."""

    def __init__(self, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._capacity = capacity_bytes
        self._size = 0
        self.invalidations = 0
        """The number of invalidated paths so far: a response requested before an invalidation is not stored after
        it."""

    def get(self, key: str, now: float) -> Entry | None:
        """Return a fresh entry, or None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires_at <= now:
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def put(self, key: str, entry: Entry) -> None:
        """Store an entry, and drop the least recently used ones until everything fits."""
        self._drop(key)
        self._entries[key] = entry
        self._size += len(entry.body)
        while self._size > self._capacity:
            self._drop(next(iter(self._entries)))

    def invalidate(self, path: str) -> int:
        """Drop the entries that match one item of an invalidation, and return their number."""
        self.invalidations += 1
        if path.startswith("#"):
            doomed = [key for key, entry in self._entries.items() if path[1:].lower() in entry.tags]
        else:
            matches = _invalidation(path)
            doomed = [key for key in self._entries if matches.fullmatch(key)]
        for key in doomed:
            self._drop(key)
        return len(doomed)

    def __len__(self) -> int:
        return len(self._entries)

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._size -= len(entry.body)


def lifetime(status: int, headers: Mapping[str, str], policy: CachePolicy, error_ttls: Mapping[int, int]) -> float:
    """Return the lifetime of a response in seconds; 0 means not cached. ``headers`` have lower-case names."""
    if not policy.keeps:
        return 0
    directives = _directives(headers.get("cache-control", ""))
    forbidden = bool({"no-store", "no-cache", "private"} & set(directives))
    said = directives.get("s-maxage", directives.get("max-age"))
    if status >= 400:
        least = error_ttls.get(status, DEFAULT_ERROR_TTL)
        if status in ALWAYS_CACHED_ERRORS:
            return max(least, 0 if forbidden else said or 0)
        return max(least, said) if status in SOMETIMES_CACHED_ERRORS and said and not forbidden else 0
    if status != 200:
        return 0
    if forbidden:
        return policy.min_ttl
    return min(max(policy.default_ttl if said is None else said, policy.min_ttl), policy.max_ttl)


def tags_of(headers: Mapping[str, str], header: str | None) -> frozenset[str]:
    """Return the tags of a response; ``header`` is the distribution's header for them, both in lower case."""
    text = headers.get(header, "") if header else ""
    return frozenset(tag.strip().lower() for tag in text.split(",") if tag.strip())


def _directives(cache_control: str) -> dict[str, int | None]:
    found = {}
    for part in cache_control.lower().split(","):
        match = _DIRECTIVE.fullmatch(part.strip())
        if match:
            found[match[1]] = int(match[2]) if match[2] else None
    return found


@lru_cache(maxsize=256)
def _invalidation(path: str) -> re.Pattern[str]:
    exact = re.escape(path.removesuffix("*"))
    return re.compile(exact + (".*" if path.endswith("*") else ""), re.DOTALL)
