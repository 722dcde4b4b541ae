"""Lifetimes as CloudFront derives them; entries, invalidation, and the limit of memory."""

import pytest

from local.edge.cache import Cache, Entry, lifetime, tags_of
from local.edge.model import CachePolicy

IMAGES = CachePolicy(min_ttl=0, default_ttl=60, max_ttl=31_536_000)
DISABLED = CachePolicy(min_ttl=0, default_ttl=0, max_ttl=0)
ERRORS = {403: 5, 404: 5, 500: 1}


def entry(body=b"picture", *, expires_at=100.0, tags=frozenset()):
    return Entry(200, (), body, stored_at=0.0, expires_at=expires_at, tags=tags)


@pytest.mark.parametrize(
    ("status", "cache_control", "seconds"),
    [
        (200, "public, max-age=3600, s-maxage=31536000", 31_536_000),
        (200, "max-age=3600", 3600),
        (200, 'max-age="30"', 30),
        (200, "", 60),
        (200, "s-maxage=99999999999", 31_536_000),
        (200, "no-store", 0),
        (200, "private, max-age=60", 0),
        (202, "", 0),
        (404, "", 5),
        (404, "no-store", 5),
        (404, "max-age=60", 60),
        (403, "", 0),
        (403, "max-age=60", 60),
        (403, "max-age=1", 5),
        (403, "no-store", 0),
        (400, "max-age=60", 60),
        (410, "max-age=60", 0),
        (413, "max-age=60", 0),
        (429, "max-age=60", 0),
        (451, "max-age=60", 0),
        (500, "", 1),
        (503, "", 10),
    ],
)
def test_a_lifetime_follows_from_status_header_and_policy(status, cache_control, seconds):
    assert lifetime(status, {"cache-control": cache_control}, IMAGES, ERRORS) == seconds


def test_a_policy_that_keeps_nothing_keeps_nothing():
    assert lifetime(200, {"cache-control": "max-age=60"}, DISABLED, ERRORS) == 0


def test_an_entry_is_there_until_it_expires():
    cache = Cache()
    cache.put("/images/1/a", entry(expires_at=10))

    assert cache.get("/images/1/a", now=9.9) is not None
    assert cache.get("/images/1/a", now=10) is None
    assert len(cache) == 0


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("/images/1*", {"/images/2/a"}),
        ("/images/1/a", {"/images/1/b", "/images/2/a"}),
        ("/*", set()),
        ("/i?ages/*", {"/images/1/a", "/images/1/b", "/images/2/a"}),
    ],
)
def test_an_invalidation_drops_what_its_path_names(path, left):
    cache = Cache()
    keys = ("/images/1/a", "/images/1/b", "/images/2/a")
    for key in keys:
        cache.put(key, entry())

    dropped = cache.invalidate(path)

    assert {key for key in keys if cache.get(key, now=0)} == left
    assert dropped == 3 - len(left)


def test_an_invalidation_by_tag_drops_every_entry_of_the_tag_and_no_other():
    cache = Cache()
    cache.put("/images/1/a", entry(tags=tags_of({"x-tag": "One, other"}, "x-tag")))
    cache.put("/images/1/b", entry(tags=tags_of({"x-tag": "one"}, "x-tag")))
    cache.put("/images/2/a", entry(tags=tags_of({"x-tag": "onetwo"}, "x-tag")))
    cache.put("/images/1*", entry(tags=tags_of({"x-tag": "one"}, None)))

    assert cache.invalidate("#ONE") == 2
    assert cache.invalidate("#on*") == 0
    assert {key for key in ("/images/2/a", "/images/1*") if cache.get(key, now=0)} == {"/images/2/a", "/images/1*"}


def test_the_least_recently_used_entries_go_when_memory_is_full():
    cache = Cache(capacity_bytes=10)
    cache.put("a", entry(b"12345"))
    cache.put("b", entry(b"12345"))
    cache.get("a", now=0)
    cache.put("c", entry(b"123"))

    assert [key for key in "abc" if cache.get(key, now=0)] == ["a", "c"]


def test_an_entry_that_is_put_again_counts_once():
    cache = Cache(capacity_bytes=10)
    for _ in range(5):
        cache.put("a", entry(b"12345"))

    assert cache.get("a", now=0) is not None
