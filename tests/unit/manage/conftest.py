"""The manage function, cold-started in a small AWS that already holds images."""

import pytest

from functions.records.entries import entries_at_creation, entries_at_verdict
from tests.fakes.aws import SmallAws, mock_aws
from tests.fakes.gateway import Answer, proxy_event
from tests.fakes.handlers import Function
from tests.fakes.machines import Machine

RENDITION = {"key": "k/1/w320.jpg", "width": 320, "height": 200, "bytes": 9, "content_type": "image/jpeg"}


@pytest.fixture
def aws(clients):
    with mock_aws():
        yield SmallAws(**clients)


@pytest.fixture
def removals(aws):
    return Machine("remove")


@pytest.fixture
def call(aws, monkeypatch):
    """Call the API: method, path, query; a body is positional."""
    function = Function("manage", monkeypatch)

    def request(method: str, path: str, body: bytes = b"", /, **query: str) -> Answer:
        return Answer(function(proxy_event(method, path, body=body, query=query)))

    return request


def image_id(number: int) -> str:
    return f"01JD{number:022d}"


def record_of(aws, identity: str) -> dict:
    return aws.items(f"IMAGE#{identity}")["RECORD"]


def put_image(aws, number: int = 1, *, day: str = "2026-11-24", identity: str | None = None, **changed) -> str:
    """Write an image's record, its entries in lists and the day's item, and return the id."""
    identity = identity or image_id(number)
    aws.put_item({"pk": "DAYS", "sk": day})
    aws.put_item(
        {
            "pk": f"IMAGE#{identity}",
            "sk": "RECORD",
            "image_id": identity,
            "status": "PUBLISHED",
            "tenant": "default",
            "filename": "cat.jpg",
            "created_at": f"{day}T09:00:00.000Z",
            "listing_day": day,
            "claimed_by": "arn:aws:states:eu-central-1:123456789012:execution:ingest:e",
            "last_revision": 1,
            "revision": 1,
            "facts": {"width": 640, "height": 400, "bytes": 99, "format": "JPEG", "sha256": "0" * 64, "frames": 1},
            "picture": {
                "master": {**RENDITION, "key": "k/1/master.jpg", "width": 640},
                "renditions": [RENDITION],
                "placeholder": "AAAA",
                "dominant_color": "#112233",
                "animated": False,
                "has_alpha": False,
                "quality": {"jpeg": 80},
            },
            "verdict": {"decision": "allow", "policy_version": "p1", "model_version": "7.0", "deciding": []},
            **changed,
        }
    )
    _list_image(aws, identity)
    return identity


def _list_image(aws, identity: str) -> None:
    """Write the record's selector and position, and the image's entries in lists."""
    record = record_of(aws, identity)
    tenant, owner = record.get("tenant", "default"), record.get("owner")
    aws.put_item({**record, "selector": f"STATUS#{record['status']}", "position": f"{tenant}#{identity}"})
    if record["status"] == "REMOVED":
        return
    entries = entries_at_creation(identity, tenant=tenant, owner=owner)
    if "verdict" in record and "facts" in record:
        entries = entries_at_verdict(
            identity, tenant=tenant, owner=owner, decision=record["verdict"]["decision"],
            sha256=record["facts"]["sha256"], labels=[],
        )  # fmt: skip
    for entry in entries:
        aws.put_item(entry)


def put_failed(aws, number: int = 1, **changed) -> str:
    """Write the record of an image that failed, with the claim of its upload, and return the id."""
    claim = {"claimed_etag": "e" * 32, "claimed_version": "v1", "claimed_size": 7, "sequencer": "00AA"}
    return put_image(aws, number, **{"status": "FAILED", "updated_at": "2026-11-24T10:00:00.000Z", **claim, **changed})


def put_labels_and_history(aws, identity: str, *, lines: int = 1) -> None:
    """Write the image's labels and lines of its history."""
    partition = f"IMAGE#{identity}"
    label = {"name": "Weapons", "parent": "Violence", "confidence": 91.5, "taxonomy_level": 2, "frame": 0}
    aws.put_item({"pk": partition, "sk": "LABELS", "labels": [label]})
    for number in range(lines):
        at = f"2026-11-24T09:{number // 60:02d}:{number % 60:02d}.000Z"
        event = {"type": "REJECTED", "at": at, "detail": "The picture of my cat is broken", "reason": "CORRUPT"}
        aws.put_item({"pk": partition, "sk": f"EVENT#{at}#REJECTED", **event})
