"""Requests of functions are counted, and pass unchanged."""

import asyncio
import json

import pytest

from local.request_counter import PATH, RequestCounter

ROOT = "test"
FUNCTION = "ASIAFUNCTION"


async def emulator(_scope, receive, send):
    """Stands for the emulator: returns the body that it reads."""
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message["body"]})


@pytest.fixture
def send():
    """Send a request through one counter, and return the response's body."""
    counter = RequestCounter(emulator)

    def sent(method, path, *, key=FUNCTION, service="s3", query="", body=b"", **headers):
        authorization = f"AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/{service}/aws4_request, …".encode()
        scope = {
            "type": "http", "method": method, "path": path, "query_string": query.encode(),
            "headers": [(b"Authorization", authorization),
                        *((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())],
        }  # fmt: skip
        messages = []

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def collect(message):
            messages.append(message)

        asyncio.run(counter(scope, receive, collect))
        return messages[-1]["body"]

    return sent


def counted(send):
    return [(each["operation"], each["bucket"], each["about"]) for each in json.loads(send("GET", PATH))]


@pytest.mark.parametrize(
    ("request_line", "headers", "expected"),
    [
        ("PUT /bucket/a%20b/1/w480.jpg", {}, ("PutObject", "bucket", "a b/1/w480.jpg")),
        ("PUT /bucket/a/b", {"x_amz_copy_source": "x/y"}, ("CopyObject", "bucket", "a/b")),
        ("PUT /bucket/a/b?tagging", {}, ("PutObjectTagging", "bucket", "a/b")),
        ("GET /bucket?list-type=2&prefix=a%2F", {}, ("ListObjects", "bucket", "a/")),
        ("POST /bucket?delete", {}, ("DeleteObjects", "bucket", "")),
        ("HEAD /bucket/a/b", {}, ("HeadObject", "bucket", "a/b")),
    ],
)
def test_a_request_to_s3_has_the_name_under_which_it_is_billed(send, request_line, headers, expected):
    method, _, target = request_line.partition(" ")
    path, _, query = target.partition("?")

    send(method, path, query=query, **headers)

    assert counted(send) == [expected]


def test_a_call_with_a_body_reaches_the_emulator_unchanged(send):
    body = b'{"TableName": "records"}'

    assert send("POST", "/", service="dynamodb", body=body, x_amz_target="DynamoDB_20120810.PutItem") == body
    assert counted(send) == [("PutItem", "", body.decode())]


def test_requests_of_the_root_user_are_not_counted(send):
    send("PUT", "/bucket/a", key=ROOT, body=b"file")

    assert counted(send) == []
