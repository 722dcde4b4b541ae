"""On a deployed stage, the sweep repairs what lost events leave behind."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from boto3.dynamodb.types import TypeSerializer
from ulid import ULID

from functions.records.entries import due_entry
from functions.shared.keys import event_sort_key
from local import aws
from tests import pictures
from tests.emulator.test_paths import WEAPON
from tests.emulator.test_verdicts import REVIEWED, activate, in_status, reviews_of, upload


@pytest.fixture
def sweep(pipeline):
    """Return a function that invokes `sweep` as its schedule does; uploads count as forgotten after a second."""
    before = pipeline.environment("sweep")
    pipeline.set_environment("sweep", before | {"FORGOTTEN_AFTER_SECONDS": "1"})
    lambda_ = aws.client("lambda", pipeline.outputs)

    def swept():
        answer = lambda_.invoke(FunctionName=pipeline.outputs.functions["sweep"], Payload=b"{}")
        assert "FunctionError" not in answer, answer["Payload"].read()
        return json.loads(answer["Payload"].read())

    yield swept
    pipeline.set_environment("sweep", before)


@contextmanager
def events_lost(pipeline, *, bus="default", is_matched):
    """Lose the events of one rule while the block runs; ``is_matched`` takes the rule's pattern."""
    events = aws.client("events", pipeline.outputs)
    rules = events.list_rules(EventBusName=bus)["Rules"]
    (rule,) = (each["Name"] for each in rules if is_matched(json.loads(each.get("EventPattern", "{}"))))
    events.disable_rule(Name=rule, EventBusName=bus)
    try:
        yield
    finally:
        events.enable_rule(Name=rule, EventBusName=bus)


def uploads_lost(pipeline):
    originals = pipeline.outputs.buckets["originals"]
    return events_lost(pipeline, is_matched=lambda pattern: originals in json.dumps(pattern))


def reviews_lost(pipeline):
    return events_lost(
        pipeline,
        bus=pipeline.outputs.event_bus,
        is_matched=lambda pattern: pattern.get("detail-type") == ["Image In Review"],
    )


def hours_ago(hours):
    moment = datetime.now(UTC) - timedelta(hours=hours)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_an_upload_whose_event_was_lost_is_published(pipeline, sweep):
    with uploads_lost(pipeline):
        image_id = pipeline.upload(pictures.jpeg(300, 200))
        pipeline.eventually(lambda: pipeline.keys("originals", f"uploads/{image_id}/"))
    assert pipeline.item(image_id)["status"] == "AWAITING_UPLOAD"

    pipeline.eventually(lambda: sweep()["started"])

    assert pipeline.end_of(image_id).status == "PUBLISHED"


def test_an_object_without_a_record_is_published(pipeline, sweep):
    with uploads_lost(pipeline):
        pipeline.put_original(image_id := str(ULID()), pictures.jpeg(300, 200))

    pipeline.eventually(lambda: sweep()["started"])

    assert pipeline.eventually(lambda: pipeline.item(image_id).get("status") == "PUBLISHED")


def test_an_image_whose_execution_ended_without_a_final_status_is_settled(pipeline, sweep):
    image_id = pipeline.run(pictures.jpeg(300, 200)).image_id
    pipeline.set_texts(
        image_id, status="PROCESSING", selector="STATUS#PROCESSING", claimed_at=hours_ago(1), listing_day="2020-01-01"
    )

    pipeline.eventually(lambda: sweep()["settled"])

    pipeline.eventually(lambda: pipeline.item(image_id)["status"] == "FAILED")


def test_an_image_that_was_held_by_an_outage_is_published_when_the_outage_ends(pipeline, sweep):
    pipeline.rekognition.set(on=False)
    image_id = pipeline.run(pictures.jpeg(300, 200)).image_id
    assert pipeline.item(image_id)["status"] == "HELD"
    pipeline.rekognition.set(on=True)
    pipeline.set_texts(image_id, updated_at=hours_ago(2), listing_day="2020-01-01")

    pipeline.eventually(lambda: sweep()["resumed"])

    pipeline.eventually(lambda: pipeline.item(image_id)["status"] == "PUBLISHED")


def test_a_decision_that_stays_pending_is_applied(pipeline, sweep):
    image_id = pipeline.run(pictures.jpeg(300, 200)).image_id
    at, table = hours_ago(1), pipeline.outputs.table
    record = pipeline.item(image_id) | {
        "pending": {"decision": "blur", "source": "override", "at": at},
        "override": {"decision": "blur", "source": "override", "at": at, "actor": "service"},
    }
    line = {"pk": record["pk"], "sk": event_sort_key(at, "VERDICT"), "type": "VERDICT", "at": at}
    for item in (record, line | due_entry(image_id, at)):
        typed = {name: TypeSerializer().serialize(value) for name, value in item.items()}
        pipeline.dynamodb.put_item(TableName=table, Item=typed)

    pipeline.eventually(lambda: sweep()["started"])

    in_status(pipeline, image_id, "BLURRED")


def test_a_review_whose_event_was_lost_ends_with_its_fallback(pipeline, sweep):
    activate(pipeline, "lost-reviews", REVIEWED)
    pipeline.rekognition.set(labels=WEAPON)
    with reviews_lost(pipeline):
        image_id = upload(pipeline, pictures.jpeg(300, 200, quality=76), "lost-reviews")
        in_status(pipeline, image_id, "IN_REVIEW")
    assert reviews_of(pipeline, image_id) == []
    pipeline.set_review_due(image_id, hours_ago(1))

    pipeline.eventually(lambda: sweep()["started"])

    assert in_status(pipeline, image_id, "BLURRED")["override"]["reason"] == "REVIEW_OVERDUE"
