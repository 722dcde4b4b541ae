"""Verdicts in the deployed pipeline: reviews, overrides, and that only what a verdict publishes can be fetched."""

import json
from io import BytesIO

from functions.policy.policy import Policy
from functions.policy.store import PolicyStore
from tests import pictures
from tests.deployed import WITHIN_SECONDS, eventually
from tests.emulator.test_paths import EXPLICIT, WEAPON

REVIEWED = {
    "version": "reviews weapons",
    "minimum_confidence": 50,
    "default": {"confidence": 80, "action": "blur", "reason": "UNKNOWN_LABEL"},
    "rules": [
        {"label": "Weapons", "action": "review", "confidence": 60, "reason": "WEAPONS", "severity": 3, "queue": "arms"},
        {"label": "Violence", "action": "allow"},
        {"label": "Explicit", "action": "block", "confidence": 60, "reason": "NUDITY"},
    ],
    "review": {"after_seconds": 100, "fallback": "blur"},
    "examples": [],
}


def activate(pipeline, tenant: str, document: dict) -> str:
    """Make a policy the active one of a tenant and return its digest."""
    policies, policy = PolicyStore(pipeline.outputs.table, pipeline.dynamodb), Policy.from_document(document)
    pointer, _ = policies.pointers(tenant, "default")
    policies.put(tenant, "default", policy)
    policies.record_check(tenant, "default", policy.digest, [])
    number = pointer.number if pointer else 0
    policies.activate(tenant, "default", policy.digest, number=number, actor="test")
    return policy.digest


def upload(pipeline, body: bytes, tenant: str) -> str:
    return str(pipeline.client.client.upload(BytesIO(body), filename="photo.jpg", tenant=tenant).id)


def in_status(pipeline, image_id: str, status: str) -> dict:
    """Wait until the image has a status and nothing is to be done, and return its record."""

    def look():
        record = pipeline.item(image_id)
        settled = record.get("status") == status and not record.keys() & {"pending", "unannounced"}
        return record if settled else None

    return eventually(look, within_seconds=WITHIN_SECONDS)


def override(pipeline, image_id: str, decision: str, *, tenant: str = "default", **members):
    document = {"decision": decision, "reason": "SECOND_LOOK", **members}
    url = f"{pipeline.client.url}/v1/images/{image_id}/verdict?tenant={tenant}"
    return pipeline.client.http.post(url, json=document)


def lines(pipeline, image_id: str) -> list[tuple]:
    """Return type, decision, source and actor of an image's history, oldest first."""
    history = reversed(pipeline.client.image(image_id)["history"])
    return [tuple(line.get(name) for name in ("type", "decision", "source", "actor")) for line in history]


def test_a_review_that_nobody_decides_ends_with_its_fallback(pipeline):
    digest = activate(pipeline, "reviews", REVIEWED)
    pipeline.rekognition.set(labels=WEAPON)
    with pipeline.announcements() as announced:
        with pipeline.throttled("decide"):
            image_id = upload(pipeline, pictures.jpeg(300, 200, quality=71), "reviews")
            reviewed = in_status(pipeline, image_id, "IN_REVIEW")
            shown = pipeline.client.image(image_id)
            unfetchable(pipeline, image_id)
            before = pipeline.rekognition.state()["calls"]
        blurred = in_status(pipeline, image_id, "BLURRED")
        eventually(lambda: announced(image_id)[-1:] == ["Image Blurred"])
        heard = announced(image_id)

    assert (reviewed["verdict"]["reason"], reviewed["verdict"]["queue"]) == ("WEAPONS", "arms")
    assert reviewed["verdict"]["policy_digest"] == digest
    assert shown["review"] == {"fallback": "blur", "due_at": reviewed["review"]["due_at"]}
    assert "review" not in blurred
    assert blurred["override"] | {"at": None} == {
        "decision": "blur", "source": "review", "actor": "system", "reason": "REVIEW_OVERDUE", "at": None,
    }  # fmt: skip
    assert pipeline.rekognition.state()["calls"] == before
    assert [each for each in heard if each != "Image Purge Requested"] == ["Image In Review", "Image Blurred"]
    published = pipeline.keys("published", f"{image_id}/")
    assert published
    assert all("/blurred/" in key for key in published)
    assert lines(pipeline, image_id) == [
        ("IN_REVIEW", None, None, None), ("VERDICT", "blur", "review", "system"), ("BLURRED", None, None, None),
    ]  # fmt: skip


def test_a_decision_before_the_fallback_stands(pipeline):
    activate(pipeline, "decided", REVIEWED)
    pipeline.rekognition.set(labels=WEAPON)
    with pipeline.throttled("decide"):
        image_id = upload(pipeline, pictures.jpeg(300, 200, quality=72), "decided")
        in_status(pipeline, image_id, "IN_REVIEW")
        (review,) = eventually(lambda: reviews_of(pipeline, image_id))
        eventually(lambda: pipeline.task_failures(review))  # it is due
        answer = override(pipeline, image_id, "block", tenant="decided", note="A toy")
        blocked = in_status(pipeline, image_id, "BLOCKED")

    assert (answer.status_code, answer.json()["outcome"]) == (200, "applied")
    assert (blocked["override"]["actor"], blocked["override"]["note"]) == ("service", "A toy")
    assert pipeline.wait_for(review)["status"] == "SUCCEEDED"
    assert pipeline.item(image_id)["status"] == "BLOCKED"
    assert lines(pipeline, image_id)[-1] == ("BLOCKED", "block", "override", "service")


def reviews_of(pipeline, image_id: str) -> list[str]:
    """Return the ARNs of the reviews of an image."""
    machine = pipeline.outputs.state_machines["review"]
    found = pipeline.stepfunctions.list_executions(stateMachineArn=machine)["executions"]
    arns = [each["executionArn"] for each in found]
    return [
        arn
        for arn in arns
        if json.loads(pipeline.stepfunctions.describe_execution(executionArn=arn)["input"])["image_id"] == image_id
    ]


def test_an_override_changes_a_verdict_in_both_directions_and_asks_no_detector(pipeline):
    pipeline.rekognition.set(labels=EXPLICIT)
    image_id = pipeline.run(pictures.jpeg(300, 200, quality=73)).image_id
    calls = pipeline.rekognition.state()["calls"]

    allowed = override(pipeline, image_id, "allow")
    sharp = in_status(pipeline, image_id, "PUBLISHED")
    served = pipeline.client.variant(image_id, width=64)
    blurred = override(pipeline, image_id, "blur")
    in_status(pipeline, image_id, "BLURRED")
    again = override(pipeline, image_id, "blur")
    blocked = override(pipeline, image_id, "block")
    record = in_status(pipeline, image_id, "BLOCKED")

    assert [each.status_code for each in (allowed, blurred, again, blocked)] == [202, 202, 200, 200]
    assert [each.json()["outcome"] for each in (allowed, blurred, again, blocked)] == [
        "queued", "queued", "unchanged", "applied",
    ]  # fmt: skip
    assert served.status_code == 200
    assert "/blurred/" not in sharp["picture"]["master"]["key"]
    assert pipeline.rekognition.state()["calls"] == calls
    assert [label["name"] for label in pipeline.item(image_id, "LABELS")["labels"]] == [
        "Explicit Sexual Activity", "Explicit",
    ]  # fmt: skip
    assert (record["revision"], record["last_revision"]) == (4, 4)
    unfetchable(pipeline, image_id)
    assert [kind for kind, *_ in lines(pipeline, image_id)] == [
        "BLOCKED", "VERDICT", "PUBLISHED", "VERDICT", "BLURRED", "BLOCKED",
    ]  # fmt: skip


def test_an_override_survives_a_rework(pipeline):
    pipeline.rekognition.set(labels=EXPLICIT)
    image_id = pipeline.run(pictures.jpeg(300, 200, quality=74)).image_id
    override(pipeline, image_id, "allow")
    record = in_status(pipeline, image_id, "PUBLISHED")
    stored = pipeline.upload_event(
        image_id, b"", record["claimed_etag"], sequencer=record["sequencer"], version=record.get("claimed_version")
    )
    stored["detail"]["object"]["size"] = int(record["claimed_size"])

    ended = pipeline.start_again(stored, rework=True)

    assert ended["status"] == "SUCCEEDED"
    after = pipeline.item(image_id)
    assert (after["status"], after["revision"], after["override"]["decision"]) == ("PUBLISHED", 3, "allow")


def test_an_image_without_a_verdict_is_blocked_at_once(pipeline):
    pipeline.rekognition.set(on=False)
    image_id = pipeline.run(pictures.jpeg(300, 200, quality=77)).image_id
    held = pipeline.item(image_id)["status"]
    pipeline.rekognition.set(on=True)

    allowed, blocked = override(pipeline, image_id, "allow"), override(pipeline, image_id, "block")

    assert (held, allowed.status_code, blocked.status_code) == ("HELD", 409, 200)
    assert in_status(pipeline, image_id, "BLOCKED")["override"]["decision"] == "block"
    unfetchable(pipeline, image_id)


def unfetchable(pipeline, image_id: str) -> None:
    """Assert that no route, bucket or guessed key gives a picture of the image."""
    base = pipeline.client.url
    for path in (f"/images/{image_id}", f"/images/{image_id}?width=64", f"/images/{image_id}?format=webp&width=320"):
        answer = pipeline.client.http.get(f"{base}{path}", headers={"Accept": "image/webp,image/*"})
        assert answer.status_code not in {200, 206, 304}, path
        assert not answer.headers["content-type"].startswith("image/"), path
    shown = pipeline.client.image(image_id)
    assert shown.keys().isdisjoint({"url_path", "renditions", "placeholder", "dominant_color"})
    assert pipeline.keys("generated", f"images/{image_id}/") == []
    eventually(lambda: pipeline.keys("published", f"{image_id}/") == [])
