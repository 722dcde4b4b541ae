"""The cost model's counts are those of the deployed pipeline: AWS requests, states and calls of uploads and views."""

import json
from collections import Counter
from functools import partial

import httpx
import pytest

from image_scaler.costs import usage
from image_scaler.costs.usage import UPLOADS, Kind, UploadRequests
from local.request_counter import PATH
from tests import pictures
from tests.deployed import eventually, trust_of
from tests.emulator.test_paths import WEAPON

FRAMES = 4
big_still = partial(pictures.jpeg, 2400, 1600)
CASES = {
    Kind.CLEAN: (big_still, "image/jpeg", [], UPLOADS[Kind.CLEAN]),
    Kind.FLAGGED: (big_still, "image/jpeg", WEAPON, UPLOADS[Kind.FLAGGED]),
    Kind.ANIMATED: (
        partial(pictures.gif, 1000, 600, frames=FRAMES),
        "image/gif",
        [],
        UploadRequests(files=UPLOADS[Kind.ANIMATED].files, views=FRAMES),
    ),
}
INGEST = ("originals", "staging", "published")
"""The buckets of an upload; `prewarm` of the local stage writes into `generated`."""


class Requests:
    """The requests that functions have sent to the emulator since this was created."""

    def __init__(self, pipeline):
        self._pipeline = pipeline
        self._buckets = {bucket: name for name, bucket in pipeline.outputs.buckets.items()}
        self._before = len(self._all())

    def _all(self):
        address = f"{self._pipeline.outputs.emulator_url}{PATH}"
        return httpx.get(address, verify=trust_of(self._pipeline.outputs), trust_env=False).json()

    def about(self, image_id):
        """Return the numbers of requests about an image, by operation, and by bucket for S3."""
        requests = [each for each in self._all()[self._before :] if image_id in each["about"]]
        return Counter(
            (each["operation"], self._buckets[each["bucket"]]) if each["bucket"] else each["operation"]
            for each in requests
        )


def number(counts, operation, buckets=INGEST):
    return sum(counts[operation, bucket] for bucket in buckets)


def is_idle(pipeline):
    """Return whether no function that reads records has messages left, or is processing one.

    Queues of failed messages do not count, and those of webhooks neither: `webhook` reads no record.
    """
    for address in pipeline.sqs.list_queues()["QueueUrls"]:
        if "-Webhooks" in address:
            continue
        found = pipeline.sqs.get_queue_attributes(QueueUrl=address, AttributeNames=["All"])["Attributes"]
        waiting = {found["ApproximateNumberOfMessages"], found["ApproximateNumberOfMessagesNotVisible"]}
        if "RedrivePolicy" in found and waiting != {"0"}:
            return False
    return True


@pytest.mark.parametrize("kind", Kind)
def test_an_upload_takes_the_requests_states_and_calls_of_the_model(pipeline, kind):
    make, content_type, labels, model = CASES[kind]
    pipeline.rekognition.set(labels=labels)
    requests = Requests(pipeline)

    ended = pipeline.run(make(), content_type)

    eventually(lambda: pipeline.keys("staging", f"{ended.image_id}/") == [])
    counts = requests.about(ended.image_id)
    originals = len(pipeline.stored_versions("originals", f"uploads/{ended.image_id}/"))  # written by the client
    assert originals + number(counts, "PutObject") + number(counts, "CopyObject") == model.s3_puts
    assert number(counts, "ListObjects", (*INGEST, "generated")) == model.s3_lists
    assert number(counts, "GetObject", ("originals", "staging")) == model.s3_gets
    assert len(ended.states) == model.states
    assert pipeline.rekognition.state()["calls"] == model.detector_calls
    assert counts["PutItem"] + counts["UpdateItem"] == model.table_puts + model.table_updates - 1  # the key has no id
    assert (counts["TransactWriteItems"], counts["PutEvents"]) == (model.transactions, model.events)
    assert counts["StartExecution"] == 1


@pytest.mark.parametrize(
    ("query", "refinements"),
    [({"width": 320, "format": "jpeg", "quality": 80}, 0), ({"width": 480, "format": "webp"}, 1)],
    ids=["not refined", "refined"],
)
def test_a_variant_takes_the_requests_of_the_model(pipeline, query, refinements):
    ended = pipeline.run(big_still())
    eventually(lambda: pipeline.keys("generated", f"images/{ended.image_id}/"))  # prewarmed
    eventually(lambda: is_idle(pipeline))  # neither `admit`, `prewarm` nor `refine` reads the record any more
    requests = Requests(pipeline)
    variant, refinement = usage.VARIANT, usage.REFINEMENT

    pipeline.client.variant(ended.image_id, **query).raise_for_status()

    def counted():
        counts = requests.about(ended.image_id)
        stored = ("generated", "published")
        return counts["GetItem"], number(counts, "PutObject", stored), number(counts, "GetObject", stored)

    expected = (
        variant.table_reads + refinements * refinement.table_reads,
        variant.s3_puts + refinements * refinement.s3_puts,
        variant.s3_gets + refinements * refinement.s3_gets,
    )
    eventually(lambda: sum(counted()) >= sum(expected) and is_idle(pipeline))
    assert counted() == expected


def test_the_units_of_table_writes_follow_from_the_sizes_of_the_items(pipeline):
    ended = pipeline.run(big_still())

    record, labels = (_kilobytes(pipeline.item(ended.image_id, key)) for key in ("RECORD", "LABELS"))
    created, claimed, key, event = 1, 1, 1, 1  # KB
    entries = [each for each in pipeline.items(ended.image_id) if each.startswith("ENTRY#")]
    moved = 2  # a new status deletes one key of the index of lists and writes another
    creation = 2 * (created + 1) + created + 1 + 1  # with the tenant's entry; both are in the index of lists
    plain = 2 * key + 2 * claimed + moved + 2 * record  # the index by day repeats writes of the record, not of the key
    indexed = record + moved + event + len(entries) - 1  # the sweep reads the event there; one entry was there
    transaction = 2 * (record + labels + event + len(entries)) + indexed
    assert creation + plain + transaction == UPLOADS[Kind.CLEAN].table_write_units


def _kilobytes(item):
    """Return an item's size in units of a write."""
    return -(-len(json.dumps(item, default=str)) // 1_024)
