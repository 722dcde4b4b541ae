"""One POST: over TLS, to the address that was checked, within a time limit, without redirects."""

import socket

import pytest

from functions.shared.webhooks import WebhookAddress
from functions.webhook.connection import DeliveryError, Response, post
from tests.unit.webhook.receiver import receiving

BODY = b'{"a":1}'


def send(url: str, **options) -> Response:
    return post(WebhookAddress.parse(url, loopback=True), {"webhook-id": "m"}, BODY, loopback=True, **options)


def test_the_request_is_one_post_with_the_headers_and_the_body(receiver):
    response = send(f"http://localhost:{receiver.port}/hook?a=b")

    (request,) = receiver.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert response == Response(204)
    assert head.splitlines()[0] == b"POST /hook?a=b HTTP/1.1"
    assert {b"webhook-id: m", f"Host: localhost:{receiver.port}".encode(), b"Content-Length: 7"} <= set(
        head.splitlines()
    )
    assert body == BODY


def test_over_tls_the_certificate_is_checked(secure_receiver, trust):
    url = f"https://localhost:{secure_receiver.port}/"

    assert send(url, trust=trust).status == 204
    with pytest.raises(DeliveryError, match="certificate verify failed"):
        send(url)


def test_the_certificate_must_be_of_the_name_in_the_url(secure_receiver, trust):
    with pytest.raises(DeliveryError, match="certificate verify failed"):
        send(f"https://127.0.0.1:{secure_receiver.port}/", trust=trust)


def test_without_the_setting_of_an_emulators_stage_this_host_is_not_called(receiver):
    address = WebhookAddress("localhost", receiver.port, "/", secure=False)

    with pytest.raises(DeliveryError, match=r"localhost resolves to \S+, which is not a public address"):
        post(address, {}, BODY)

    assert receiver.requests == []


def test_a_name_is_resolved_once_and_the_address_that_was_checked_is_called(receiver, monkeypatch):
    """A name server that answers with another address the second time (DNS rebinding) reaches nothing."""
    resolve, names = socket.getaddrinfo, []

    def rebinding(host, *args, **options):
        names.append(host)
        allowed = host == "app.example.com" and names.count(host) == 1
        return resolve("127.0.0.1" if allowed or host == "127.0.0.1" else "192.0.2.1", *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)

    assert send(f"http://app.example.com:{receiver.port}/").status == 204
    assert names.count("app.example.com") == 1


def test_a_redirect_is_a_response_and_is_not_followed(receiver):
    with receiving() as elsewhere:
        location = f"Location: http://localhost:{elsewhere.port}/\r\n\r\n".encode()
        receiver.answers = [b"HTTP/1.1 302 Found\r\n", location]

        response = send(f"http://localhost:{receiver.port}/")

        assert (response.status, response.is_success) == (302, False)
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("status", "accepted"),
    [(200, True), (202, True), (299, True), (301, False), (404, False), (410, False), (500, False)],
)
def test_only_a_2xx_accepts_a_message(receiver, status, accepted):
    receiver.answers = [f"HTTP/1.1 {status} X\r\n\r\n".encode()]

    assert send(f"http://localhost:{receiver.port}/").is_success is accepted


@pytest.mark.parametrize(("given", "seconds"), [(b"120", 120), (b"soon", 0), (b"-5", 0)])
def test_the_time_to_wait_is_read_if_it_is_a_number_of_seconds(receiver, given, seconds):
    receiver.answers = [b"HTTP/1.1 503 X\r\nRetry-After: " + given + b"\r\n\r\n"]

    assert send(f"http://localhost:{receiver.port}/") == Response(503, seconds)


def test_a_body_without_end_is_not_read(receiver):
    receiver.answers = [b"HTTP/1.1 200 OK\r\n\r\n", *([b"x" * 65_536] * 10_000)]
    receiver.pause_seconds = 0.001

    assert send(f"http://localhost:{receiver.port}/").is_success


@pytest.mark.parametrize(
    "answers",
    [[b"H"] * 100, [b"HTTP/1.1 200 OK\r\n", *([b"A: b\r\n"] * 100)]],
    ids=["a status byte by byte", "headers one by one"],
)
def test_a_receiver_that_answers_slowly_without_end_is_given_up(receiver, answers):
    receiver.answers, receiver.pause_seconds = answers, 0.1

    with pytest.raises(DeliveryError, match=r"after 0.5 s"):
        send(f"http://localhost:{receiver.port}/", total_seconds=0.5)


def test_a_receiver_that_never_ends_the_tls_handshake_is_given_up(trust):
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DeliveryError, match=r"after 0.3 s"):
        send(f"https://localhost:{silent.getsockname()[1]}/", trust=trust, total_seconds=0.3)


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 " + b"x" * 70_000]
)
def test_what_is_no_http_response_is_an_error(receiver, answer):
    receiver.answers = [answer]

    with pytest.raises(DeliveryError):
        send(f"http://localhost:{receiver.port}/")


def test_a_receiver_that_is_down_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    with pytest.raises(DeliveryError, match="ConnectionRefusedError"):
        send(f"http://localhost:{port}/")
