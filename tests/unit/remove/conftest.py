"""One image with files in every bucket, and a deleter over moto."""

import pytest

from functions.records.partition import Partition
from functions.remove.deletion import Deleter
from functions.remove.settings import RemoveSettings
from functions.shared.contracts import DeletionRequest
from functions.shared.object_store import S3ObjectStore
from tests.fakes.aws import ENVIRONMENT, GENERATED, ORIGINALS, PUBLISHED, STAGING, TABLE, SmallAws, mock_aws

IMAGE_ID, OTHER_ID = "01JD3M9Q8RKC5V2W7X0Y4Z6ABC", "01JD3M9Q8RKC5V2W7X0Y4Z6ABD"
EXECUTION = "arn:aws:states:eu-central-1:123456789012:execution:ingest:mine"
BUCKETS = (GENERATED, PUBLISHED, STAGING)
ALL = ["generated", "published", "staging", "originals", "record"]


class World:
    """The image's record, files and history."""

    def __init__(self, aws: SmallAws) -> None:
        self.aws = aws

    def record(self, status: str, **attributes) -> None:
        """Write the record."""
        self.aws.put_item({"pk": f"IMAGE#{IMAGE_ID}", "sk": "RECORD", "image_id": IMAGE_ID, "status": status,
                           "tenant": "default", "created_at": "2026-11-24T09:00:00.000Z", **attributes})  # fmt: skip

    def removed(self, **attributes) -> None:
        """Write the record of a removed image."""
        at = "2026-11-24T10:00:00.000Z"
        removal = {"status": "IN_PROGRESS", "started_at": at, "step": "REQUESTED"}
        self.record("REMOVED", removed_at=at, updated_at=at, removal=removal, **attributes)

    def line(self, kind: str, second: int, **attributes) -> None:
        """Write a line of history."""
        at = f"2026-11-24T09:00:{second:02d}.000Z"
        line = {"pk": f"IMAGE#{IMAGE_ID}", "sk": f"EVENT#{at}#{kind}", "type": kind, "at": at, **attributes}
        self.aws.put_item(line)

    def variant(self, name: str, revision: int) -> str:
        """Store a generated variant of a revision and return its key."""
        key = f"images/{IMAGE_ID}/{name}"
        self.aws.s3.put_object(Bucket=GENERATED, Key=key, Body=b"v", Metadata={"revision": str(revision)})
        return key

    def upload(self, body: bytes) -> tuple[str, str]:
        """Store a version of the original; return its ETag and version id."""
        answer = self.aws.s3.put_object(Bucket=ORIGINALS, Key=f"uploads/{IMAGE_ID}/original", Body=body)
        return answer["ETag"].strip('"'), answer["VersionId"]

    def originals(self) -> list[bytes]:
        """Return the bodies of all versions, the current one first; a delete marker is b''."""
        answer = self.aws.s3.list_object_versions(Bucket=ORIGINALS)
        entries = [*answer.get("Versions", ()), *answer.get("DeleteMarkers", ())]
        return [self._body(entry) for entry in sorted(entries, key=lambda entry: not entry["IsLatest"])]

    def _body(self, entry) -> bytes:
        if "ETag" not in entry:
            return b""
        return self.aws.s3.get_object(Bucket=ORIGINALS, Key=entry["Key"], VersionId=entry["VersionId"])["Body"].read()

    def files(self) -> dict[str, list[str]]:
        """Return the keys in the three buckets that are not versioned."""
        return {bucket: self.aws.keys(bucket) for bucket in BUCKETS}

    def items(self) -> dict[str, dict]:
        """Return the image's partition."""
        return self.aws.items(f"IMAGE#{IMAGE_ID}")

    def fill(self) -> None:
        """Write files of two revisions, three versions of the original, labels and history."""
        for revision in (1, 2):
            self.aws.put_objects(PUBLISHED, [f"{IMAGE_ID}/{revision}/master.jpg"])
            self.aws.put_objects(STAGING, [f"{IMAGE_ID}/{revision}/proxy.jpg"])
            self.variant(f"width={revision}", revision)
        for body in (b"first", b"second", b"third"):
            self.upload(body)
        self.aws.put_item({"pk": f"IMAGE#{IMAGE_ID}", "sk": "LABELS", "labels": [{"name": "Weapons"}]})
        self.line("REJECTED", 1, detail="The picture of my cat is broken", reason="CORRUPT")
        self.line("FAILED", 2, error="ContractError", execution_arn=EXECUTION)


@pytest.fixture
def aws(clients):
    with mock_aws():
        aws = SmallAws(**clients)
        aws.s3.put_bucket_versioning(Bucket=ORIGINALS, VersioningConfiguration={"Status": "Enabled"})
        yield aws


@pytest.fixture
def world(aws):
    return World(aws)


@pytest.fixture
def deleter_with(aws, clients):
    """Return a function that makes a deleter; its options are Deleter's own."""
    return lambda **options: Deleter(
        RemoveSettings.from_environment(ENVIRONMENT),
        store=S3ObjectStore(clients["s3"]),
        partition=Partition(TABLE, clients["dynamodb"]),
        **options,
    )


@pytest.fixture
def delete(deleter_with):
    """Return a function that deletes once, as a state asks for it."""
    return lambda *deletions, **fields: deleter_with().delete(
        DeletionRequest.from_state({"image_id": IMAGE_ID, "sweep": list(deletions), **fields})
    )
