"""Events of the deployed pipeline reach a receiver over HTTP, signed, and match their schemas."""

import httpx
import pytest

from tests import pictures
from tests.deployed import Upload, eventually
from tests.fakes.published_events import faults_of


def events_of(deployed, image_id):
    answer = httpx.get(f"{deployed.outputs.webhooks_url}/events", params={"image_id": image_id}, trust_env=False)
    return answer.raise_for_status().json()["events"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [(pictures.jpeg(640, 480), "image.published", "PUBLISHED"), (b"no picture", "image.rejected", "REJECTED")],
    ids=["published", "rejected"],
)
def test_the_event_of_an_upload_reaches_the_receiver_with_a_valid_signature(pipeline, body, kind, status):
    image_id = pipeline.client.upload("put", Upload("a.jpg", "image/jpeg", body))

    (event,) = eventually(lambda: events_of(pipeline, image_id))

    assert (event["type"], event["data"]["status"], event["data"]["tenant"]) == (kind, status, "default")
    assert faults_of(f"Image {status.capitalize()}", event["data"]) == []


def test_a_removal_is_the_last_event_of_an_image(pipeline):
    image_id = pipeline.client.upload("put", Upload("a.jpg", "image/jpeg", pictures.jpeg(640, 480)))
    eventually(lambda: events_of(pipeline, image_id))

    pipeline.client.delete(image_id)

    eventually(lambda: len(events_of(pipeline, image_id)) > 1)
    assert [event["type"] for event in events_of(pipeline, image_id)] == ["image.published", "image.removed"]


def test_a_message_without_a_valid_signature_is_refused(deployed):
    headers = {"webhook-id": "msg_forged", "webhook-timestamp": "1795899399", "webhook-signature": "v1,AAAA"}

    answer = httpx.post(f"{deployed.outputs.webhooks_url}/webhooks", content=b"{}", headers=headers, trust_env=False)

    assert answer.status_code == 401
    events = httpx.get(f"{deployed.outputs.webhooks_url}/events", trust_env=False).json()["events"]
    assert "msg_forged" not in {event["id"] for event in events}
