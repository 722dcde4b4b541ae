"""Uploads against the real functions: three ways, whole files, one image whatever is repeated."""

import io

import httpx
import pytest

from image_scaler.client import ClientError, Method, UploadRefusedError
from image_scaler.client.uploads import LARGEST_DIRECT_BYTES
from tests.fakes.aws import ORIGINALS
from tests.unit.client.conftest import EDGE

BODY = bytes(range(256)) * 1000


def originals(aws) -> dict[str, bytes]:
    return {key: aws.s3.get_object(Bucket=ORIGINALS, Key=key)["Body"].read() for key in aws.keys(ORIGINALS)}


def records(aws) -> list[dict]:
    items = aws.dynamodb.scan(TableName="image-scaler")["Items"]
    return [item for item in items if item["sk"]["S"] == "RECORD"]


@pytest.mark.parametrize("method", list(Method))
def test_each_way_stores_the_file_and_what_is_said_of_it(client, aws, tmp_path, method):
    file = tmp_path / "a b+c%25é.jpg"
    file.write_bytes(BODY)

    upload = client.upload(file, owner="alice", tenant="acme", policy="avatars", method=method)

    assert originals(aws) == {f"uploads/{upload.id}/original": BODY}
    (record,) = records(aws)
    assert [record[name]["S"] for name in ("filename", "owner", "tenant", "policy", "content_type")] == [
        file.name, "alice", "acme", "avatars", "image/jpeg"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("size", "calls"),
    [(1, ["images.example.com"]), (LARGEST_DIRECT_BYTES, ["images.example.com"]),
     (LARGEST_DIRECT_BYTES + 1, ["images.example.com", "amazonaws.com"])],
)  # fmt: skip
def test_the_size_decides_whether_bytes_go_through_the_api(client, service, size, calls):
    client.upload(bytes(size), filename="a.png")

    hosts = [request.url.host for request in service.requests]
    assert [host.endswith(call) for host, call in zip(hosts, calls, strict=True)] == [True] * len(calls)


@pytest.mark.parametrize("method", list(Method))
def test_an_answer_that_is_lost_makes_no_second_image(service, connect, aws, method):
    lost = []

    def lose_each_once(request, answer):
        place = (request.method, request.url.host)
        if place not in lost:
            lost.append(place)
            raise httpx.ReadError("connection reset")

    upload = connect(service.transport(after=lose_each_once)).upload(BODY, filename="a.jpg", method=method)

    assert len(lost) == (1 if method is Method.API else 2)
    assert len(records(aws)) == 1
    assert originals(aws) == {f"uploads/{upload.id}/original": BODY}


def test_a_call_that_is_repeated_with_its_idempotency_key_is_the_same_image(client, aws):
    first = client.upload(BODY, filename="a.jpg", idempotency_key="order-7")
    second = client.upload(BODY, filename="a.jpg", idempotency_key="order-7")

    assert first.id == second.id
    assert len(records(aws)) == 1


def test_every_attempt_sends_the_whole_file_and_reports_its_progress_from_the_start(scripted):
    sent, reported = [], []
    ticket = httpx.Response(201, json={
        "id": "01JDXYZ0000000000000000000", "status": "AWAITING_UPLOAD",
        "upload": {"method": "PUT", "url": "https://b.s3.amazonaws.com/k", "headers": {"If-None-Match": "*"},
                   "expires_at": "2030-01-01T00:00:00.000Z"},
    })  # fmt: skip
    client = scripted(ticket, httpx.ReadError("reset"), httpx.Response(503), httpx.Response(200), requests=sent)

    client.upload(BODY, filename="a.jpg", method=Method.PUT, progress=lambda *done: reported.append(done))

    assert [request.content for request in sent[1:]] == [BODY] * 3
    assert {request.headers["content-length"] for request in sent[1:]} == {str(len(BODY))}
    assert {request.headers["if-none-match"] for request in sent[1:]} == {"*"}
    assert [done for done, _ in reported].count(len(BODY)) == 3
    assert {total for _, total in reported} == {len(BODY)}


def a_ticket(method: str = "PUT") -> httpx.Response:
    more = {"headers": {}} if method == "PUT" else {"fields": {"key": "k", "Content-Type": "image/jpeg"}}
    upload = {"method": method, "url": "https://b.s3.amazonaws.com/k", "expires_at": "2030-01-01T00:00:00.000Z"}
    document = {"id": "01JDXYZ0000000000000000000", "status": "AWAITING_UPLOAD", "upload": {**upload, **more}}
    return httpx.Response(201, json=document)


def s3_error(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, text=f"<Error><Code>{code}</Code><Message>no</Message></Error>")


def test_a_put_that_finds_its_object_stored_already_is_done(scripted):
    client = scripted(a_ticket(), httpx.ReadError("reset"), s3_error(412, "PreconditionFailed"))

    assert client.upload(BODY, filename="a.jpg", method=Method.PUT).id == "01JDXYZ0000000000000000000"


@pytest.mark.parametrize("answer", [s3_error(409, "ConditionalRequestConflict"), s3_error(400, "RequestTimeout")])
def test_what_s3_asks_to_repeat_is_repeated(scripted, answer):
    client = scripted(a_ticket(), answer, httpx.Response(200))

    client.upload(BODY, filename="a.jpg", method=Method.PUT)


@pytest.mark.parametrize(
    ("method", "status", "code"),
    [("PUT", 403, "AccessDenied"), ("POST", 400, "EntityTooLarge"), ("POST", 412, "PreconditionFailed")],
)
def test_a_refusal_of_s3_carries_its_code_and_is_not_repeated(scripted, pauses, method, status, code):
    client = scripted(a_ticket(method), s3_error(status, code))

    with pytest.raises(UploadRefusedError) as refused:
        client.upload(BODY, filename="a.jpg", method=Method(method))

    assert (refused.value.status, refused.value.problem.code) == (status, code)
    assert pauses == []


def test_a_ticket_for_a_browser_is_what_the_api_sent(client, aws):
    ticket = client.create_upload(filename="a.webp", content_type="image/webp", size=len(BODY))

    client.send(ticket, BODY)

    assert ticket.method == "POST"
    assert ticket.upload["fields"] == ticket.fields
    assert originals(aws) == {f"uploads/{ticket.id}/original": BODY}


class Pipe(io.RawIOBase):
    """A stream that is read once."""

    def readable(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        (Pipe(), {"filename": "a.jpg"}, "seekable"),
        (b"x", {"filename": "a.svg"}, "content_type"),
        (b"x", {}, "content_type"),
        ("/no/such/file.jpg", {}, "cannot be read"),
    ],
)
def test_a_source_that_cannot_be_sent_is_refused_before_any_call(client, service, source, options, said):
    with pytest.raises(ClientError, match=said):
        client.upload(source, **options)

    assert service.requests == []


def test_a_file_that_is_open_is_sent_from_its_start_and_stays_open(client, aws):
    file = io.BytesIO(BODY)
    file.seek(5)

    upload = client.upload(file, filename="a.gif")

    assert originals(aws) == {f"uploads/{upload.id}/original": BODY}
    assert not file.closed


def test_no_signature_is_in_a_url(client, service):
    client.upload(BODY, filename="a.jpg")

    urls = [str(request.url) for request in service.requests if request.url.host in EDGE]
    assert urls
    assert all("Signature" not in url for url in urls)
