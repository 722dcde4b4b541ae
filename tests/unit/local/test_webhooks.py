"""The local receiver of webhooks: verifies, lists, forwards."""

import asyncio
import json
from datetime import UTC, datetime

import httpx
import pytest
from standardwebhooks import Webhook

from local.webhooks.service import Receiver, application

FIRST, SECOND = "A" * 44, "B" * 44


class Secret:
    """The secret of the stage, which a test can replace."""

    value = FIRST

    def read(self) -> str:
        return self.value


@pytest.fixture
def secret():
    return Secret()


@pytest.fixture
def forwarded():
    """What the application behind the receiver got."""
    return []


class Client:
    """Calls the receiver in one event loop, and lets it complete what it forwards."""

    def __init__(self, runner: asyncio.Runner, receiver: Receiver) -> None:
        self._runner, self._receiver = runner, receiver
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(application(receiver)), base_url="http://receiver")

    def __call__(self, method: str, path: str, **options) -> httpx.Response:
        return self._runner.run(self._request(method, path, options))

    async def _request(self, method: str, path: str, options: dict) -> httpx.Response:
        answer = await self._http.request(method, path, **options)
        await asyncio.gather(*self._receiver._forwarding)
        return answer


@pytest.fixture
def client(secret, forwarded):
    def answer(request: httpx.Request) -> httpx.Response:
        forwarded.append(request)
        return httpx.Response(204)

    with asyncio.Runner() as runner:
        yield Client(runner, Receiver(secret.read, httpx.AsyncClient(transport=httpx.MockTransport(answer))))


def send(client, *, image_id: str = "01A", message_id: str = "msg_1", secret: str = FIRST):
    body = json.dumps({"type": "image.published", "timestamp": "t", "data": {"image_id": image_id}})
    at = datetime.now(UTC)
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body),
    }
    return client("POST", "/webhooks", content=body, headers=headers)


def events(client, **query) -> list[str]:
    return [event["id"] for event in client("GET", "/events", params=query).json()["events"]]


def test_a_signed_message_is_listed(client):
    assert send(client).status_code == 204
    send(client, image_id="01B", message_id="msg_2")

    assert events(client) == ["msg_1", "msg_2"]
    assert events(client, image_id="01B") == ["msg_2"]


def test_a_message_of_another_secret_is_refused(client):
    assert send(client, secret=SECOND).status_code == 401
    assert events(client) == []


def test_a_message_that_arrives_again_is_counted_once(client):
    send(client)
    send(client)

    (event,) = client("GET", "/events").json()["events"]
    assert event["times"] == 2


def test_a_secret_that_was_replaced_is_read_again(client, secret):
    send(client)
    secret.value = SECOND

    assert send(client, message_id="msg_2", secret=SECOND).status_code == 204


def test_a_message_is_forwarded_as_it_came_to_an_application_that_can_verify_it(client, forwarded):
    answer = client("PUT", "/forwarding", json={"url": "http://localhost:8000/webhooks"})

    send(client)

    (request,) = forwarded
    assert str(request.url) == "http://localhost:8000/webhooks"
    assert Webhook(answer.json()["secret"]).verify(request.content, dict(request.headers))["type"] == "image.published"


def test_only_this_machine_gets_messages(client):
    assert client("PUT", "/forwarding", json={"url": "http://example.com/"}).status_code == 400
