"""Finds images that got stuck, and settles or restarts them. It may run at any time, and several times at once.

PROCESSING, and the execution has ended   the event of its end was lost: `settle` records the failure
an upload that no execution claimed       its event was lost, or S3 sent none yet: it goes into the queue of uploads
HELD                                      no verdict was possible; the cause may have passed: it is resumed

Events of EventBridge are best effort, and S3 begins to send them minutes after the first deployment of a bucket. The
sweep looks at images of the last LOOK_BACK; an older one was looked at hundreds of times.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from functions.shared.aws import client, translated_errors
from functions.shared.contracts import Status
from functions.shared.dynamo import from_item, to_item
from functions.shared.keys import LISTING_INDEX, RECORD_SORT_KEY, is_image_id, original_key, record_partition
from functions.shared.upload_events import claimed_upload_event, upload_event
from functions.sweep.settings import SweepSettings

LOOK_BACK: Final = timedelta(days=3)
"""Longer than an execution of `ingest` may take (30 hours), with two nights to repair the sweep itself."""
HELD_FOR: Final = timedelta(hours=1)
"""How long an image stays HELD before it is tried again: 72 times in LOOK_BACK. It may be processed 100 times."""
MOST_HELD: Final = 100
"""Held images that one sweep resumes: they pay for detector calls again."""
NEVER_PASSES: Final = frozenset({"ModerationRefusedError"})
"""Errors of held images that come back whenever they are tried again."""
KEYS_PER_READ: Final = 100
"""Keys of one BatchGetItem call; DynamoDB's own limit."""
NOT_FOUND: Final = "ExecutionDoesNotExist"
NAME_IN_USE: Final = "ExecutionAlreadyExists"
_ULID_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID_TIME_CHARACTERS: Final = 10


@dataclass(frozen=True)
class Repairs:
    """How many images one sweep settled, started and resumed, and whether it had the time to look at all of them."""

    settled: int
    started: int
    resumed: int
    looked_at_all: bool


class StuckImages:
    """Repairs images. The clients are botocore's, the process's own by default; ``now`` tells the time in UTC."""

    def __init__(
        self,
        settings: SweepSettings,
        *,
        dynamodb: Any = None,
        s3: Any = None,
        sqs: Any = None,
        stepfunctions: Any = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._dynamodb = client("dynamodb") if dynamodb is None else dynamodb
        self._s3 = client("s3") if s3 is None else s3
        self._sqs = client("sqs") if sqs is None else sqs
        self._stepfunctions = client("stepfunctions") if stepfunctions is None else stepfunctions
        self._forgotten_after = timedelta(seconds=settings.forgotten_after_seconds)
        self._now = now

    def repair(self, *, has_time: Callable[[], bool]) -> Repairs:
        """Look at all images of the last LOOK_BACK, for as long as ``has_time`` is true, and repair what is stuck.

        Raises TransientDependencyError; the next sweep then repairs the rest.
        """
        settled = started = resumed = 0
        uploads_wait = self._uploads_wait()
        for record in self._unfinished():
            if not has_time():
                return Repairs(settled, started, resumed, looked_at_all=False)
            if record["status"] == Status.PROCESSING:
                settled += self._settled(record)
            elif not uploads_wait and resumed < MOST_HELD:
                resumed += self._resumed(record)
        if uploads_wait:  # an upload that waits for its turn is not stuck, and cannot be told from one that is
            return Repairs(settled, started, resumed, looked_at_all=True)
        for image_ids in self._batches():
            if not has_time():
                return Repairs(settled, started, resumed, looked_at_all=False)
            started += sum(self._started(image_id) for image_id in self._unclaimed(image_ids))
        return Repairs(settled, started, resumed, looked_at_all=True)

    def _uploads_wait(self) -> bool:
        with translated_errors():
            answer = self._sqs.get_queue_attributes(
                QueueUrl=self._settings.uploads_queue_url, AttributeNames=["ApproximateNumberOfMessages"]
            )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"]) > 0

    # --- records

    def _unfinished(self) -> Iterator[dict[str, Any]]:
        """Yield the records of the last days that are PROCESSING or HELD, as plain items."""
        today = self._now().date()
        for day in range(LOOK_BACK.days + 1):
            request = {
                "TableName": self._settings.table_name,
                "IndexName": LISTING_INDEX,
                "KeyConditionExpression": "listing_day = :day",
                "FilterExpression": "#status IN (:processing, :held)",
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": to_item(
                    {":day": str(today - timedelta(days=day)), ":processing": Status.PROCESSING, ":held": Status.HELD}
                ),
            }
            pages = self._dynamodb.get_paginator("query").paginate(**request)
            with translated_errors():
                for page in pages:
                    yield from map(from_item, page["Items"])

    def _settled(self, record: dict[str, Any]) -> bool:
        """Have `settle` record the failure of an image whose execution has ended without an ending of its own."""
        if self._age(record["claimed_at"]) < self._forgotten_after:
            return False
        arn = record["claimed_by"]
        execution = self._execution(arn)
        if execution["status"] == "RUNNING":
            return False
        source = execution.get("input") or json.dumps(
            self._claimed_event(record)
            or upload_event(
                record["image_id"], bucket=self._settings.originals_bucket, etag="", version="", size=0, sequencer=""
            )
        )
        detail = {
            "executionArn": arn,
            "stateMachineArn": self._settings.ingest_state_machine_arn,
            "status": execution["status"],
            "input": source,
        }
        # The hour is part of the name: what `settle` could not do is tried again, and not every quarter of an hour.
        name = f"sweep-{hashlib.sha256(arn.encode()).hexdigest()[:32]}-{self._now():%Y%m%d%H}"
        return self._starts_settle(name, detail)

    def _execution(self, arn: str) -> dict[str, Any]:
        try:
            with translated_errors():
                return dict(self._stepfunctions.describe_execution(executionArn=arn))
        except ClientError as error:
            if error.response["Error"]["Code"] != NOT_FOUND:
                raise
            return {"status": "MISSING"}

    def _starts_settle(self, name: str, detail: dict[str, Any]) -> bool:
        try:
            with translated_errors():
                self._stepfunctions.start_execution(
                    stateMachineArn=self._settings.settle_state_machine_arn,
                    name=name,
                    input=json.dumps({"detail": detail}),
                )
        except ClientError as error:
            if error.response["Error"]["Code"] != NAME_IN_USE:
                raise
            return False
        return True

    def _resumed(self, record: dict[str, Any]) -> bool:
        if self._age(record["updated_at"]) < HELD_FOR or record.get("error", {}).get("error") in NEVER_PASSES:
            return False
        event = self._claimed_event(record, resume=True)
        if event is not None:
            self._enqueue(event)
        return event is not None

    def _claimed_event(self, record: dict[str, Any], **options: bool) -> dict[str, Any] | None:
        return claimed_upload_event(record, bucket=self._settings.originals_bucket, **options)

    # --- uploads

    def _batches(self) -> Iterator[list[str]]:
        """Yield the ids of uploads of the last days, except the newest, as many as can be looked up at once."""
        batch: list[str] = []
        for image_id in self._uploads():
            batch.append(image_id)
            if len(batch) == KEYS_PER_READ:
                yield batch
                batch = []
        if batch:
            yield batch

    def _uploads(self) -> Iterator[str]:
        """Yield the ids of uploads. Ids begin with their time, so the listing begins there too."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._settings.originals_bucket,
            Prefix="uploads/",
            StartAfter=f"uploads/{_first_id(self._now() - LOOK_BACK)}",
        )
        with translated_errors():
            for page in pages:
                for stored in page.get("Contents", ()):
                    image_id = stored["Key"].split("/")[1]
                    is_original = is_image_id(image_id) and stored["Key"] == original_key(image_id)
                    if is_original and self._now() - stored["LastModified"] >= self._forgotten_after:
                        yield image_id

    def _unclaimed(self, image_ids: list[str]) -> Iterator[str]:
        """Yield the ids of uploads that no execution has claimed, and of removed images, whose uploads it deletes."""
        keys = [to_item({"pk": record_partition(each), "sk": RECORD_SORT_KEY}) for each in image_ids]
        records: dict[str, dict[str, Any]] = {}
        request: Any = {
            self._settings.table_name: {
                "Keys": keys,
                "ProjectionExpression": "pk, claimed_by, #status",
                "ExpressionAttributeNames": {"#status": "status"},
            }
        }
        while request:
            with translated_errors():
                answer = self._dynamodb.batch_get_item(RequestItems=request)
            for item in map(from_item, answer["Responses"].get(self._settings.table_name, ())):
                records[item["pk"]] = item
            request = answer.get("UnprocessedKeys")
        for image_id in image_ids:
            record = records.get(record_partition(image_id), {})
            if "claimed_by" not in record or record.get("status") == Status.REMOVED:
                yield image_id

    def _started(self, image_id: str) -> bool:
        """Announce the first version of an upload as S3 would; False where it is gone."""
        with translated_errors():
            answer = self._s3.list_object_versions(
                Bucket=self._settings.originals_bucket, Prefix=original_key(image_id)
            )
        versions = answer.get("Versions", ())
        if not versions:
            return False
        first = versions[-1]  # S3 lists the newest first
        self._enqueue(
            upload_event(
                image_id, bucket=self._settings.originals_bucket, etag=first["ETag"].strip('"'),
                version=first["VersionId"], size=int(first["Size"]),
                sequencer=f"{int(first['LastModified'].timestamp() * 1000):016X}",
            )
        )  # fmt: skip
        return True

    def _enqueue(self, event: dict[str, Any]) -> None:
        with translated_errors():
            self._sqs.send_message(QueueUrl=self._settings.uploads_queue_url, MessageBody=json.dumps(event))

    def _age(self, moment: str) -> timedelta:
        return self._now() - datetime.fromisoformat(moment)


def _first_id(moment: datetime) -> str:
    """Return the time of an id that was made then: ids are ULIDs, which begin with milliseconds in base 32."""
    milliseconds, text = int(moment.timestamp() * 1000), ""
    for _ in range(_ULID_TIME_CHARACTERS):
        milliseconds, digit = divmod(milliseconds, len(_ULID_ALPHABET))
        text = _ULID_ALPHABET[digit] + text
    return text
