"""Stored images are judged again by another policy: over the API, with the deployed state machine and functions."""

import time
from collections import defaultdict

import pytest

from functions.shared.keys import generated_prefix
from local.executions import wait_for_end
from tests import library, pictures
from tests.counted import counted
from tests.deployed import eventually
from tests.emulator.test_paths import WEAPON

IMAGES = counted(500, 5_000)
SMALL = pictures.jpeg(64, 48)
WITHIN_SECONDS = counted(600, 1_800)


class Rejudging:
    """The API of policies and rejudgements for one tenant."""

    def __init__(self, pipeline, tenant):
        self.pipeline = pipeline
        self.tenant = tenant
        self.images = []

    def call(self, method, path, document=None, *, status, **query):
        """Call the API; return the response's document."""
        access = self.pipeline.client
        answer = access.http.request(method, f"{access.url}{path}", json=document, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()

    def activate(self, policy):
        """Store a policy, check and activate it."""
        path, query = "/v1/policies/default", {"tenant": self.tenant}
        access = self.pipeline.client
        access.http.put(f"{access.url}{path}", content=policy.text, params=query).raise_for_status()
        for step in ("check", "activate"):
            self.call("POST", f"{path}/{step}", {"digest": policy.digest}, status=200, **query)

    def start(self, **members):
        """Start a rejudgement, and return its id."""
        if "manifest" not in members:
            members["tenant"] = self.tenant
        return self.call("POST", "/v1/rejudgements", members, status=202)["id"]

    def end(self, rejudgement):
        """Wait for the end of a rejudgement, and return it."""
        machine = self.pipeline.outputs.state_machines["rejudge"]
        execution = f"{machine.replace(':stateMachine:', ':execution:')}:{rejudgement}"
        wait_for_end(self.pipeline.stepfunctions, execution, within_seconds=WITHIN_SECONDS)
        return self.call("GET", f"/v1/rejudgements/{rejudgement}", status=200)

    def fill(self, count, **options):
        """Store a library of this tenant."""
        self.images = library.stored_images(count, tenant=self.tenant, **options)
        library.write(self.pipeline.dynamodb, self.pipeline.outputs.table, self.images)
        return self.images

    def statuses(self):
        """Return the ids of the library's images by status."""
        found = defaultdict(set)
        for image_id, status in library.statuses(self.pipeline.dynamodb, self.pipeline.outputs.table, self.images):
            found[status].add(image_id)
        return found


@pytest.fixture
def rejudging(pipeline):
    """The rejudgements of a tenant of its own, whose records are deleted at the end: others' sweeps would find them."""
    made = Rejudging(pipeline, f"rejudging-{time.time_ns()}")
    yield made
    library.delete(pipeline.dynamodb, pipeline.outputs.table, made.images)


def nonzero(counts):
    return {name: count for name, count in counts.items() if count}


def is_changed(image):
    before, after = library.decisions(image, library.STRICTER) if image.kind == "plain" else (None, None)
    return before is not after


def test_a_library_is_re_judged_after_an_interruption_and_the_detector_is_not_called(pipeline, rejudging):
    images = rejudging.fill(IMAGES)
    rejudging.activate(library.STRICTER)
    calls = pipeline.rekognition.state()["calls"]
    blocked = {image.image_id for image in images if is_changed(image)}
    shown = generated_prefix(min(blocked))
    pipeline.s3.put_object(Bucket=pipeline.outputs.buckets["generated"], Key=f"{shown}width=64", Body=SMALL)

    with pipeline.refusing("reports", "s3:GetObject", keys="manifests/*/tighten/2026-11-21*"):
        first = rejudging.end(rejudging.start(mode="apply", cap=IMAGES))
    interrupted = rejudging.statuses()
    second = rejudging.end(rejudging.start(manifest=first["id"], cap=IMAGES))

    report = second["report"]
    assert (first["status"], first["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    assert 0 < len(blocked & interrupted["BLOCKED"]) < len(blocked)
    assert second["status"] == "APPLIED"
    assert nonzero(report["images"]) == library.expected_images(images, library.STRICTER)
    counts = {name: each["count"] for name, each in report["transitions"].items()}
    assert counts == library.expected_transitions(images, library.STRICTER)
    assert sum(report["outcomes"].values()) == len(blocked)
    assert set(report["outcomes"]) == {"applied"}
    assert second["progress"]["applied_parts"] == second["progress"]["parts"] == 3
    wanted = {image.image_id: "BLOCKED" if image.image_id in blocked else image.record["status"] for image in images}
    assert {image_id: status for status, ids in rejudging.statuses().items() for image_id in ids} == wanted
    assert pipeline.rekognition.state()["calls"] == calls
    assert pipeline.keys("generated", shown) == []


def test_a_relaxed_decision_shows_the_sharp_picture_again_without_the_detector(pipeline, rejudging):
    rejudging.activate(library.BEFORE)
    pipeline.rekognition.set(labels=WEAPON)
    image_id = pipeline.client.client.upload(
        pictures.jpeg(300, 200), filename="photo.jpg", content_type="image/jpeg", tenant=rejudging.tenant
    ).id
    assert pipeline.end_of(image_id).status == "BLURRED"
    calls = pipeline.rekognition.state()["calls"]
    rejudging.activate(library.policy("milder", Violence="allow", Weapons="allow"))

    dry_run = rejudging.end(rejudging.start())
    applied = rejudging.end(rejudging.start(manifest=dry_run["id"]))

    assert dry_run["report"]["transitions"]["blur->allow"]["examples"] == [image_id]
    assert applied["report"]["outcomes"] == {"queued": 1}
    eventually(lambda: pipeline.item(image_id)["status"] == "PUBLISHED")
    assert pipeline.rekognition.state()["calls"] == calls
