"""S3 by way of moto: whole objects, and errors that say what happened."""

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from functions.shared import object_store
from functions.shared.errors import ObjectChangedError, ObjectMissingError, TransientDependencyError
from functions.shared.object_store import S3ObjectStore
from functions.shared.objects import StoredVersion
from tests.fakes.aws import PUBLISHED, STAGING
from tests.fakes.faults import failing_call, hooked


@pytest.fixture
def store(aws, clients):
    return S3ObjectStore(clients["s3"])


def test_an_object_comes_back_whole(store):
    etag = store.put(STAGING, "k", b"body", content_type="image/webp", cache_control="no-store", metadata={"a": "b"})

    stored = store.get(STAGING, "k")

    assert (stored.body, stored.content_type, stored.etag, stored.metadata) == (b"body", "image/webp", etag, {"a": "b"})


def test_what_the_writer_noted_is_read_without_the_body(store):
    store.put(STAGING, "k", b"body", content_type="image/webp", metadata={"a": "b"})

    assert store.metadata(STAGING, "k") == {"a": "b"}
    with pytest.raises(ObjectMissingError):
        store.metadata(STAGING, "missing")


def test_a_header_for_caches_is_stored(aws, store):
    store.put(STAGING, "k", b"body", content_type="image/webp", cache_control="max-age=5")

    assert aws.s3.head_object(Bucket=STAGING, Key="k")["CacheControl"] == "max-age=5"


def test_a_missing_object_is_missing(store):
    with pytest.raises(ObjectMissingError):
        store.get(STAGING, "k")
    with pytest.raises(ObjectMissingError):
        store.copy(STAGING, "k", PUBLISHED, "k")


def refuse(code: str, status: int):
    def answer(**_kwargs):
        raise ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject")

    return answer


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [("AccessDenied", 403, ObjectMissingError), ("NoSuchBucket", 404, ClientError)],
    ids=["403: without ListBucket S3 does not say 404", "a missing bucket is a fault of ours"],
)
def test_what_a_refused_read_means(store, clients, code, status, expected):
    with hooked(clients["s3"], "before-call.s3.GetObject", refuse(code, status)), pytest.raises(expected):
        store.get(STAGING, "k")


def test_a_read_by_etag_sees_only_that_version(store):
    old = store.put(STAGING, "k", b"old", content_type="image/png")
    new = store.put(STAGING, "k", b"new", content_type="image/png")

    assert store.get(STAGING, "k", etag=new).body == b"new"
    with pytest.raises(ObjectChangedError):
        store.get(STAGING, "k", etag=old)


@pytest.mark.parametrize("key", ["a b+c%25é.jpg", "x/../y", "☃"])
def test_keys_are_raw(store, key):
    store.put(STAGING, key, b"body", content_type="image/png")
    store.copy(STAGING, key, PUBLISHED, key)

    assert store.get(PUBLISHED, key).body == b"body"
    assert store.keys(PUBLISHED, "") == [key]


def test_deleting_what_is_gone_succeeds(store):
    store.delete(STAGING, "k")
    store.delete_all(STAGING, ["k"])

    assert store.delete_prefix(STAGING, "k") == 0


def test_a_prefix_is_deleted_over_all_pages_and_batches(store, aws, monkeypatch):
    monkeypatch.setattr(object_store, "DELETE_BATCH", 2)
    aws.put_objects(STAGING, ["a/1", "a/2", "a/3", "a/4", "a/5", "b/1"])

    assert store.delete_prefix(STAGING, "a/") == 5
    assert aws.keys(STAGING) == ["b/1"]


def test_keys_come_in_order_from_behind_a_key_a_batch_at_a_time(store, aws, monkeypatch):
    monkeypatch.setattr(object_store, "DELETE_BATCH", 2)
    aws.put_objects(STAGING, ["a/3", "a/1", "a/4", "a/2", "b/1"])

    assert store.first_keys(STAGING, "a/") == ["a/1", "a/2"]
    assert store.first_keys(STAGING, "a/", after="a/2") == ["a/3", "a/4"]
    assert store.first_keys(STAGING, "a/", after="a/4") == []


def test_listed_objects_come_in_order_from_behind_a_key(store, aws):
    aws.put_objects(STAGING, ["a/3", "a/1", "a/2", "b/1"])

    found = list(store.listed(STAGING, "a/", after="a/1"))

    assert [each.key for each in found] == ["a/2", "a/3"]
    assert all(each.last_modified.tzinfo for each in found)


def test_a_document_comes_back_and_a_missing_one_is_none(store):
    store.put_document(STAGING, "k", {"name": "é"})

    assert (store.document(STAGING, "k"), store.document(STAGING, "missing")) == ({"name": "é"}, None)


def test_a_conditional_delete_names_the_version_that_it_means(store, clients):
    etag = store.put(STAGING, "k", b"old", content_type="image/png")
    sent = []

    with hooked(clients["s3"], "before-call.s3.DeleteObject", lambda params, **_: sent.append(params["headers"])):
        store.delete(STAGING, "k", etag=etag)

    assert sent[0]["If-Match"] == f'"{etag}"'


def test_every_version_and_delete_marker_goes(store, aws):
    aws.s3.put_bucket_versioning(Bucket=STAGING, VersioningConfiguration={"Status": "Enabled"})
    aws.put_objects(STAGING, ["a/1", "a/1", "b/1"])
    store.delete(STAGING, "a/1")

    store.delete_versions(STAGING, store.versions(STAGING, "a/"))

    left = aws.s3.list_object_versions(Bucket=STAGING)
    assert ([each["Key"] for each in left["Versions"]], left.get("DeleteMarkers")) == (["b/1"], None)


@pytest.mark.parametrize(
    ("code", "expected"), [("InternalError", TransientDependencyError), ("AccessDenied", ClientError)]
)
def test_an_object_that_s3_did_not_delete_is_an_error_although_the_call_succeeds(store, aws, clients, code, expected):
    aws.put_objects(STAGING, ["a/1"])

    def not_deleted(parsed, **_kwargs):
        parsed["Errors"] = [{"Key": "a/1", "Code": code, "Message": "m"}]

    with hooked(clients["s3"], "after-call.s3.DeleteObjects", not_deleted), pytest.raises(expected):
        store.delete_prefix(STAGING, "a/")


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.get(STAGING, "k"),
        lambda store: store.metadata(STAGING, "k"),
        lambda store: store.put(STAGING, "k", b"", content_type="image/png"),
        lambda store: store.copy(STAGING, "k", PUBLISHED, "k"),
        lambda store: store.put_document(STAGING, "k", {}),
        lambda store: store.keys(STAGING, ""),
        lambda store: store.delete(STAGING, "k"),
        lambda store: store.delete_all(STAGING, ["k"]),
        lambda store: store.delete_prefix(STAGING, ""),
        lambda store: store.delete_versions(STAGING, [StoredVersion("k", "v", "", datetime.now(UTC), size=0)]),
        lambda store: store.versions(STAGING, ""),
        lambda store: store.first_keys(STAGING, ""),
    ],
    ids=[
        "get",
        "metadata",
        "put",
        "copy",
        "put_document",
        "keys",
        "delete",
        "delete_all",
        "delete_prefix",
        "delete_versions",
        "versions",
        "first_keys",
    ],
)
def test_an_s3_out_of_reach_is_transient_for_every_operation(store, clients, call):
    with failing_call([clients["s3"]], 0), pytest.raises(TransientDependencyError):
        call(store)
