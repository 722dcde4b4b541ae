"""Messages through the handler: signed with the secrets in use, accepted or tried again later."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from moto import mock_aws
from standardwebhooks import Webhook, WebhookVerificationError

from functions.shared.webhooks import ATTEMPTS, DELAYS_SECONDS, LONGEST_DELAY_SECONDS
from functions.webhook.message import Message
from functions.webhook.retries import delay_seconds
from functions.webhook.secrets import KEPT, OVERLAP, SigningSecrets
from tests.fakes.aws import REGION, new_client
from tests.fakes.handlers import Function, emitted_metrics
from tests.fakes.published_events import schemas

QUEUE = f"arn:aws:sqs:{REGION}:123456789012:webhook"
EVENT = {
    "id": "11710aed-b79e-4468-a20b-bb3c0c3b4860", "time": "2026-11-24T09:30:00Z", "source": "image-scaler",
    "detail-type": "Image Published", "detail": schemas()["Image Published"]["examples"][0],
}  # fmt: skip
FIRST, SECOND = "A" * 44, "B" * 44


@pytest.fixture
def manager():
    with mock_aws():
        yield new_client("secretsmanager")


@pytest.fixture
def secret(manager) -> str:
    return manager.create_secret(Name="webhook", SecretString=FIRST)["ARN"]


@pytest.fixture
def queue(manager):
    """A queue with one message, and the message as Lambda gets it."""
    sqs = new_client("sqs")
    url = sqs.create_queue(QueueName="webhook")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(EVENT))
    return sqs, url


def record_of(queue, *, attempt: int = 1) -> dict:
    sqs, url = queue
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    return {
        "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
        "attributes": {"ApproximateReceiveCount": str(attempt)}, "eventSourceARN": QUEUE,
    }  # fmt: skip


@pytest.fixture
def webhook(monkeypatch, receiver, secret, queue) -> Function:
    """The function, cold-started, with the receiver of this machine."""
    _, url = queue
    item = {
        "name": "app", "url": f"http://localhost:{receiver.port}/hook", "secret": secret, "queue": QUEUE,
        "queue_url": url, "loopback": True,
    }  # fmt: skip
    monkeypatch.setenv("WEBHOOKS", json.dumps([item]))
    return Function("webhook", monkeypatch)


def received(receiver, place: int = -1) -> tuple[dict[str, str], str]:
    """Return headers and body of a request."""
    head, _, body = receiver.requests[place].decode().partition("\r\n\r\n")
    return dict(line.split(": ", 1) for line in head.split("\r\n")[1:]), body


def rotated(manager, secret: str) -> None:
    manager.put_secret_value(SecretId=secret, SecretString=SECOND)


def test_an_accepted_message_leaves_the_queue(webhook, queue, receiver, capsys):
    answer = webhook({"Records": [record_of(queue)]})

    headers, body = received(receiver)
    assert answer == {"batchItemFailures": []}
    assert emitted_metrics(capsys.readouterr().out) == {"WebhookDelivered": [1]}
    assert headers["Content-Type"] == "application/json"
    assert headers["webhook-id"] == "msg_11710aed-b79e-4468-a20b-bb3c0c3b4860"
    assert Webhook(f"whsec_{FIRST}").verify(body, headers) == {
        "type": "image.published", "timestamp": "2026-11-24T09:30:00Z", "data": EVENT["detail"],
    }  # fmt: skip


def test_a_changed_body_id_or_time_does_not_verify(webhook, queue, receiver):
    webhook({"Records": [record_of(queue)]})
    headers, body = received(receiver)
    later = str(int(headers["webhook-timestamp"]) + 1)

    for changed, content in (
        ({}, body.replace("PUBLISHED", "BLURRED")),
        ({"webhook-id": "msg_other"}, body),
        ({"webhook-timestamp": later}, body),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(FIRST).verify(content, headers | changed)


def test_a_refused_message_stays_and_is_hidden_until_the_next_attempt(webhook, queue, receiver, capsys, caplog):
    receiver.answers = [b"HTTP/1.1 500 X\r\n\r\n"]
    record = record_of(queue, attempt=2)
    hidden = []
    webhook.module.deliverer._sqs.meta.events.register(
        "before-call.sqs.ChangeMessageVisibility", lambda params, **_rest: hidden.append(json.loads(params["body"]))
    )

    answer = webhook({"Records": [record]})

    (change,) = hidden
    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    assert 0.9 * DELAYS_SECONDS[1] <= change["VisibilityTimeout"] <= DELAYS_SECONDS[1]
    assert emitted_metrics(capsys.readouterr().out) == {"WebhookFailed": [1]}
    assert (caplog.records[-1].status, caplog.records[-1].attempt) == (500, 2)


def test_each_attempt_has_the_same_id_and_body_and_a_time_of_its_own(webhook, queue, receiver, monkeypatch):
    receiver.answers = [b"HTTP/1.1 500 X\r\n\r\n"]
    record = record_of(queue)
    webhook({"Records": [record]})
    later = datetime.now(UTC) + timedelta(hours=5)
    monkeypatch.setattr(webhook.module.deliverer, "_now", lambda: later)

    webhook({"Records": [record]})

    (first, body), (second, again) = received(receiver, 0), received(receiver, 1)
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) >= 5 * 3600 - 60


def test_a_new_secret_signs_together_with_the_previous_one(webhook, manager, secret, queue, receiver):
    rotated(manager, secret)

    webhook({"Records": [record_of(queue)]})

    headers, body = received(receiver)
    for value in (FIRST, SECOND):
        assert Webhook(value).verify(body, headers)


def test_after_a_day_only_the_new_secret_signs(manager, secret):
    rotated(manager, secret)
    now = datetime.now(UTC)

    def signatures(at: datetime) -> int:
        return len(SigningSecrets(manager, now=lambda: at).signers(secret))

    assert signatures(now) == signatures(now + OVERLAP - timedelta(minutes=1)) == 2
    assert signatures(now + OVERLAP + timedelta(minutes=1)) == 1


def test_a_secret_is_read_again_after_five_minutes(manager, secret):
    clock = [datetime.now(UTC)]
    secrets = SigningSecrets(manager, now=lambda: clock[0])
    before = secrets.signers(secret)
    rotated(manager, secret)

    assert secrets.signers(secret) is before
    clock[0] += KEPT
    assert len(secrets.signers(secret)) == 2


def test_the_attempts_are_those_of_the_specification_within_sqs_limits():
    """Ten attempts in 75 h 35 min; what is longer than twelve hours is divided."""
    recommended = (5, 300, 1_800, 7_200, 18_000, 36_000)

    assert DELAYS_SECONDS[:6] == recommended
    assert sum(DELAYS_SECONDS) == sum(recommended) + (14 + 20 + 24) * 3600
    assert max(DELAYS_SECONDS) + 900 <= 12 * 3600


@pytest.mark.parametrize("attempt", range(1, ATTEMPTS))
@pytest.mark.parametrize("chance", [0, 0.999])
def test_a_delay_is_shortened_by_a_tenth_at_most(attempt, chance):
    seconds = delay_seconds(attempt, chance=lambda: chance)

    assert 0.9 * DELAYS_SECONDS[attempt - 1] - 1 <= seconds <= DELAYS_SECONDS[attempt - 1]


@pytest.mark.parametrize(("asked", "expected"), [(60, 60), (1, 5), (10**9, LONGEST_DELAY_SECONDS)])
def test_a_receiver_may_ask_for_a_longer_time_up_to_sqs_limit(asked, expected):
    assert delay_seconds(1, retry_after_seconds=asked, chance=lambda: 0) == expected


def test_after_the_last_attempt_the_message_is_not_hidden_any_longer():
    assert delay_seconds(ATTEMPTS, retry_after_seconds=600) == 0


@pytest.mark.parametrize("name", [name for name in schemas() if name != "Image Purge Requested"])
def test_every_event_of_an_image_becomes_a_message(name):
    detail = schemas()[name]["examples"][0]

    message = Message.from_event(EVENT | {"detail-type": name, "detail": detail})

    assert message.type == name.lower().replace(" ", ".", 1).replace(" ", "_")
    assert json.loads(message.body)["data"] == detail


def test_the_specifications_own_example_is_signed_alike():
    """The test vector of the Standard Webhooks libraries."""
    signed = Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1614265330, UTC), '{"test": 2432232314}'
    )

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
